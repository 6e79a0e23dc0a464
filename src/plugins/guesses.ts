// How often the secret of a client may be guessed, and how much of the processor that may take.
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { ChatError, rateLimited } from '#errors.ts'
import { Budget } from '#plugins/budget.ts'
import { tellLimit } from '#plugins/rate-limit.ts'
import { Turns } from '#plugins/turns.ts'
import { networkOf } from '#wire/origin.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Runs an attempt to get a token, unless too many of this client from this network failed lately. */
    limitGuesses<T>(
      exchange: { request: FastifyRequest; reply: FastifyReply },
      clientId: string | undefined,
      attempt: () => Promise<T>,
    ): Promise<T>
  }
}

const windowMs = 60_000
/** Wrong secrets of one client from one network in a window; others who know the secret are not held up by them. */
const perClientMax = 100
/** Those of all clients from one network. */
const perNetworkMax = 500
/** Each attempt takes one of Node's four threads for tens of milliseconds, and files and names need these too. */
const runningMax = 2
/** Of one network. */
const waitingMax = 200

export const guesses = plugin(
  async (app) => {
    const ofClient = new Budget({ max: perClientMax, windowMs })
    const ofNetwork = new Budget({ max: perNetworkMax, windowMs })
    const turns = new Turns({ runningMax, waitingMax })

    app.decorate('limitGuesses', async ({ request, reply }, clientId, attempt) => {
      const network = networkOf(request.ip)
      const client = `${network} ${createHash('sha256')
        .update(clientId ?? '')
        .digest('base64')}`
      if (!turns.hasRoom(network)) throw refuse(reply, 1_000)
      return turns.run(network, async () => {
        // Counted before it is tried, so that no number of attempts at once is more than the limit.
        let waitMs = ofNetwork.take(network)
        if (waitMs > 0) throw refuse(reply, waitMs)
        waitMs = ofClient.take(client)
        if (waitMs > 0) {
          ofNetwork.giveBack(network)
          throw refuse(reply, waitMs)
        }
        let isWrong = false
        try {
          return await attempt()
        } catch (error) {
          isWrong = error instanceof ChatError && error.kind === 'invalid_client'
          throw error
        } finally {
          if (!isWrong)
            for (const [budget, key] of [
              [ofNetwork, network],
              [ofClient, client],
            ] as const)
              budget.giveBack(key)
        }
      })
    })
  },
  { name: 'guesses' },
)

function refuse(reply: FastifyReply, waitMs: number): ChatError {
  const seconds = Math.ceil(waitMs / 1_000)
  tellLimit(reply, perClientMax, 0, seconds).header('retry-after', seconds)
  return rateLimited('Too many wrong secrets for this client, try again later', waitMs)
}
