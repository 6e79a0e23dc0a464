// Limits how often secrets may be guessed, and how much CPU the attempts may take.
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { ChatError, rateLimited } from '#errors.ts'
import { Budget } from '#plugins/budget.ts'
import { setRateLimitHeaders } from '#plugins/rate-limit.ts'
import { Turns } from '#plugins/turns.ts'
import { networkOf } from '#wire/origin.ts'

/** Runs an authentication attempt, unless too many for this name or from this network have failed recently. */
type Limit = <T>(
  exchange: { request: FastifyRequest; reply: FastifyReply },
  name: string | undefined,
  attempt: () => Promise<T>,
) => Promise<T>

declare module 'fastify' {
  interface FastifyInstance {
    /** For clients that request a token; failures from other networks do not block a client. */
    limitGuesses: Limit
    /** For operators; failures of any origin count (operating contract 1). */
    limitSignIns: Limit
  }
}

/** Counts the uses of each key in a time window; see plugins/budget.ts. */
interface Counter {
  /** Takes one use. @returns 0, or the milliseconds until there is one */
  take(key: string): number | Promise<number>
  giveBack(key: string): unknown
}

interface Options {
  /** Counts operators' wrong passwords; if absent, each process counts its own. */
  signIns?: (kind: string, limit: { max: number; windowMs: number }) => Counter
}

const windowMs = 60_000
/** Wrong secrets per client and network in a window; they do not block clients in other networks. */
const perClientMax = 100
/** Wrong secrets per network in a window, for all clients. */
const perNetworkMax = 500
/** Wrong passwords per operator and per network in a window. */
const signInsMax = 5
/** Each attempt occupies one of Node's four threads for tens of milliseconds; file access and DNS need these too. */
const runningMax = 2
/** Maximum number of waiting attempts per network. */
const waitingMax = 200

export const guesses = plugin(
  async (app, { signIns = (_, limit) => new Budget(limit) }: Options) => {
    const turns = new Turns({ runningMax, waitingMax })
    const ofClient = new Budget({ max: perClientMax, windowMs })
    const ofNetwork = new Budget({ max: perNetworkMax, windowMs })
    app.decorate(
      'limitGuesses',
      limiter(turns, {
        max: perClientMax,
        budgets: (network, name) => [
          [ofNetwork, network],
          [ofClient, `${network} ${name}`],
        ],
        isWrong: ({ kind }) => kind === 'invalid_client',
        message: 'Too many wrong secrets for this client, try again later',
      }),
    )
    const limit = { max: signInsMax, windowMs }
    const byName = signIns('name', limit)
    const byNetwork = signIns('network', limit)
    app.decorate(
      'limitSignIns',
      limiter(turns, {
        max: signInsMax,
        budgets: (network, name) => [
          [byNetwork, network],
          // Part of the digest is enough, and reveals nothing of a password typed into the wrong field.
          [byName, name.slice(0, 6)],
        ],
        isWrong: ({ status }) => status === 401,
        message: 'Too many wrong passwords, try again later',
      }),
    )
  },
  { name: 'guesses' },
)

interface Limits {
  /** The limit reported to clients. */
  max: number
  /** Returns the counters that an attempt takes from, by network and digest of the name. */
  budgets(network: string, name: string): [Counter, key: string][]
  isWrong(error: ChatError): boolean
  message: string
}

function limiter(turns: Turns, { max, budgets, isWrong, message }: Limits): Limit {
  return async ({ request, reply }, name, attempt) => {
    const network = networkOf(request.ip)
    const digest = createHash('sha256')
      .update(name ?? '')
      .digest('base64')
    if (!turns.hasRoom(network)) throw refuse(reply, 1_000)
    return turns.run(network, async () => {
      // Counted before the attempt, so that concurrent attempts cannot exceed the limit.
      const taken: [Counter, string][] = []
      const giveBack = async () => {
        for (const [budget, key] of taken) await budget.giveBack(key)
      }
      for (const [budget, key] of budgets(network, digest)) {
        const waitMs = await budget.take(key)
        if (waitMs > 0) {
          await giveBack()
          throw refuse(reply, waitMs)
        }
        taken.push([budget, key])
      }
      let wasWrong = false
      try {
        return await attempt()
      } catch (error) {
        wasWrong = error instanceof ChatError && isWrong(error)
        throw error
      } finally {
        if (!wasWrong) await giveBack()
      }
    })
  }

  function refuse(reply: FastifyReply, waitMs: number): ChatError {
    const seconds = Math.ceil(waitMs / 1_000)
    setRateLimitHeaders(reply, max, 0, seconds).header('retry-after', seconds)
    return rateLimited(message, waitMs)
  }
}
