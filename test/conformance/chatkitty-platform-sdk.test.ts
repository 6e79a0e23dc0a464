// The unmodified `chatkitty-platform-sdk@2.4.0`, as the Firebase extension uses it: below `/v1`, everything in camelCase.
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { ChatKitty, ChatSessionsApi, Configuration, UserSessionsApi } from 'chatkitty-platform-sdk'
import { afterAll, beforeAll, it, vi } from 'vitest'
import { mustBeCovered, observe } from './coverage.ts'
import { describeSdk } from './sdk/suite.ts'
import { configurationFor, untyped } from './support.ts'

const called = observe(/^axios\/0\.26\./)

/** What this SDK's axios needs to send a form from Node: a stream, and the boundary in the header. */
const boundary = 'the-boundary'
function importing(items: unknown[]): [file: unknown, options: object] {
  const file = Object.assign(Readable.from([JSON.stringify(items)]), { path: 'import.json' })
  return [file, { headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` } }]
}

/** Its own dependency, in the place of the browser's class that it looks for. */
function useFormsOfNode() {
  const NodeFormData = createRequire(import.meta.resolve('chatkitty-platform-sdk'))('form-data')
  class BoundFormData extends NodeFormData {
    constructor() {
      super()
      this.setBoundary(boundary)
    }
  }
  vi.stubGlobal('FormData', BoundFormData)
}

beforeAll(useFormsOfNode)
afterAll(() => {
  vi.unstubAllGlobals()
})

describeSdk({
  spelling: 'camelCase',
  contentType: /^application\/json/,
  base: '/v1',
  importedGuest: 'isGuest',
  raw: (server, application) => {
    const { Application, ...others } = untyped(new ChatKitty(configurationFor(server, application)))
    // The package exports these two APIs, and its ChatKitty has no property for them.
    const configuration = new Configuration({ basePath: server.url, accessToken: application.token })
    const sessions = untyped({
      UserSessions: new UserSessionsApi(configuration),
      ChatSessions: new ChatSessionsApi(configuration),
    })
    return {
      ...others,
      ...sessions,
      Application: {
        retrieveApplication: () => Application.retrieveAuthenticatedApplication(),
        retrieveApplicationSettings: () => Application.retrieveAuthenticatedApplicationSettings(),
        updateApplicationSettings: (...args) => Application.updateAuthenticatedApplicationSettings(...args),
      },
    }
  },
  key: (camel) => camel,
  importing,
})

it('calls exactly the operations that COVERAGE.md lists', () =>
  mustBeCovered('chatkitty-platform-sdk', called))
