// Who may use the test API: programs on this machine, or who bears the token of the settings. Pages of other sites in a
// browser on this machine may not, under whatever name they reach it (DNS rebinding).
import type { FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Config } from '#config.ts'
import { ChatError } from '#errors.ts'
import { bearerToken, isSameSecret } from '#wire/bearer.ts'
import { isLoopback } from '#wire/loopback.ts'

export const guard = plugin<{ config: Config }>(
  async (app, { config }) => {
    const { testApiToken } = config
    // The name that the operator gave the server is as good as this machine's, where it alone does not let anybody in.
    const ownHost = testApiToken && config.publicUrl && new URL(config.publicUrl).hostname
    const isOurs = (host: string | undefined) => host !== undefined && (isLoopback(host) || host === ownHost)
    app.addHook('onRequest', async (request) => {
      // Both what was asked of this process and, behind a proxy, what was asked of that.
      if (!isOurs(hostOf(`http://${request.headers.host}`)) || !isOurs(hostOf(request.origin))) {
        throw new ChatError('AccessDeniedError', 'The test API is reached by loopback names alone')
      }
      const { origin } = request.headers
      if (origin !== undefined && !isOurs(hostOf(origin))) {
        throw new ChatError('AccessDeniedError', 'The test API does not serve pages of other sites')
      }
      if (testApiToken) mustBear(request, testApiToken)
    })
  },
  { name: 'test-api-guard' },
)

function hostOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : URL.parse(url)?.hostname
}

function mustBear(request: FastifyRequest, expected: string): void {
  const token = bearerToken({ headers: request.headers, query: {} })
  if (token === undefined)
    throw new ChatError('unauthorized', 'The test API needs the bearer token TEST_API_TOKEN')
  if (!isSameSecret(token, expected)) {
    throw new ChatError('invalid_token', 'The token is not TEST_API_TOKEN')
  }
}
