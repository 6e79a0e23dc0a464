// Shows the documents of the three APIs with Scalar's API reference, whose script, loaded before, sets `window.Scalar`.
// No other server is contacted.
import { nameWhatHasNoName } from './names.js'

nameWhatHasNoName(document.body)
const all = {
  agent: { disabled: true },
  mcp: { disabled: true },
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  withDefaultFonts: false,
  documentDownloadType: 'none',
}

const platform = {
  ...all,
  title: 'Platform API',
  slug: 'platform',
  url: 'openapi.json',
  default: true,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  operationTitleSource: 'summary',
  authentication: {
    preferredSecurityScheme: 'application_authorization',
    securitySchemes: {
      application_authorization: {
        // In the body, because a wrong secret in a header would make the browser ask for a password.
        flows: { clientCredentials: { 'x-scalar-credentials-location': 'body' } },
      },
    },
  },
}

const admin = {
  ...all,
  title: 'Admin API',
  slug: 'admin',
  url: 'openapi-admin.json',
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  operationTitleSource: 'summary',
  authentication: { preferredSecurityScheme: 'admin_key' },
}

const realTime = {
  ...all,
  title: 'Real-time API',
  slug: 'real-time',
  url: 'docs/real-time.json',
  hiddenClients: true, // it has no requests to copy
}

window.Scalar.createApiReference('#reference', [platform, admin, realTime])
