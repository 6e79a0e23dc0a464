// Restricts the test API to programs on this machine and to callers with the configured token. Pages of other sites
// in a browser on this machine are refused, whatever host name they use (DNS rebinding).
import type { FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Config } from '#config.ts'
import { ChatError } from '#errors.ts'
import { isSameSecret, tokenIn } from '#wire/bearer.ts'
import { hostOf, isLoopback } from '#wire/loopback.ts'

export const guard = plugin<{ config: Config }>(
  async (app, { config }) => {
    const { testApiToken } = config
    // The host name that the operator configured is as good as loopback if a token is required as well.
    const ownHost = testApiToken && config.publicUrl && new URL(config.publicUrl).hostname
    const isOurs = (host: string) => isLoopback(host) || (host !== '' && host === ownHost)
    app.addHook('onRequest', async (request) => {
      // Checks the Host header of this request and, behind a proxy, the host that the client asked the proxy for.
      if (!isOurs(hostOf(`http://${request.headers.host}`)) || !isOurs(hostOf(request.origin ?? ''))) {
        throw new ChatError('AccessDeniedError', 'The test API is reached by loopback names alone')
      }
      const { origin } = request.headers
      if (origin !== undefined && !isOurs(hostOf(origin))) {
        throw new ChatError('AccessDeniedError', 'The test API does not serve pages of other sites')
      }
      if (testApiToken) mustHaveBearerToken(request, testApiToken)
    })
  },
  { name: 'test-api-guard' },
)

function mustHaveBearerToken(request: FastifyRequest, expected: string): void {
  const token = tokenIn(request.headers.authorization)
  if (token === undefined)
    throw new ChatError('unauthorized', 'The test API needs the bearer token TEST_API_TOKEN')
  if (!isSameSecret(token, expected)) {
    throw new ChatError('invalid_token', 'The token is not TEST_API_TOKEN')
  }
}
