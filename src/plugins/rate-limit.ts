// How much one application may ask of this process in a second, and how often a client's secret may be guessed.
import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import plugin from 'fastify-plugin'
import { ChatError, rateLimited } from '#errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** For `onRequest`, behind the plugin auth or grants. */
    limitApplication: onRequestHookHandler
    /** Runs an attempt to get a token, unless too many for this client failed lately. */
    limitGuesses<T>(
      exchange: { request: FastifyRequest; reply: FastifyReply },
      clientId: string | undefined,
      attempt: () => Promise<T>,
    ): Promise<T>
  }
  interface FastifyRequest {
    guessedClientId: string
  }
}

/** Wrong secrets of one client in a minute; right ones are not counted. */
const guessesMax = 100
const guessesWindowMs = 60_000

/** `perSecond` of 0 lets applications ask for anything. */
export const rateLimit = plugin<{ perSecond: number }>(
  async (app, { perSecond }) => {
    app.decorate('limitApplication', perSecond === 0 ? (_request, _reply, done) => done() : limit(perSecond))

    await app.register(fastifyRateLimit, { global: false })
    const countGuess = app.createRateLimit({
      max: guessesMax,
      timeWindow: guessesWindowMs,
      keyGenerator: ({ guessedClientId }) => guessedClientId,
    })
    app.decorateRequest('guessedClientId', '')
    app.decorate('limitGuesses', async ({ request, reply }, clientId, attempt) => {
      request.guessedClientId = clientId ?? ''
      const guesses = await countGuess(request, { increment: false })
      if (!guesses.isAllowed && guesses.remaining === 0) {
        tell(reply, guessesMax, 0, guesses.ttlInSeconds).header('retry-after', guesses.ttlInSeconds)
        throw rateLimited('Too many wrong secrets for this client, try again later', guesses.ttl)
      }
      try {
        return await attempt()
      } catch (error) {
        if (error instanceof ChatError && error.kind === 'invalid_client') await countGuess(request)
        throw error
      }
    })
  },
  { name: 'rate-limit' },
)

const windowMs = 1000

/**
 * Counts requests by application, from nought in every second. It stands in the way of every request: the hook of
 * @fastify/rate-limit, asynchronous throughout, took 4 to 6 µs of the 120 µs of a cheap one; this takes under 3, most
 * of it for the three headers.
 */
function limit(max: number): onRequestHookHandler {
  const counts = new Map<number, number>()
  let beganAt = performance.now()
  return ({ caller, uploader }, reply, done) => {
    const { applicationId } = uploader ?? caller
    const now = performance.now()
    if (now - beganAt >= windowMs) {
      beganAt = now
      counts.clear()
    }
    const count = (counts.get(applicationId) ?? 0) + 1
    counts.set(applicationId, count)
    tell(reply, max, Math.max(0, max - count), 1)
    if (count <= max) return done()
    reply.header('retry-after', 1)
    const coolOffMs = Math.ceil(beganAt + windowMs - now)
    done(rateLimited(`The application may make ${max} requests in a second`, coolOffMs))
  }
}

function tell(reply: FastifyReply, max: number, remaining: number, resetSeconds: number): FastifyReply {
  return reply
    .header('x-ratelimit-limit', max)
    .header('x-ratelimit-remaining', remaining)
    .header('x-ratelimit-reset', resetSeconds)
}
