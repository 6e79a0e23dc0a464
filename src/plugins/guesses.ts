// How often secrets may be guessed, and how much of the processor that may take.
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { ChatError, rateLimited } from '#errors.ts'
import { Budget } from '#plugins/budget.ts'
import { tellLimit } from '#plugins/rate-limit.ts'
import { Turns } from '#plugins/turns.ts'
import { networkOf } from '#wire/origin.ts'

/** Runs an attempt to show who one is, unless too many of this name, or from this network, failed lately. */
type Limit = <T>(
  exchange: { request: FastifyRequest; reply: FastifyReply },
  name: string | undefined,
  attempt: () => Promise<T>,
) => Promise<T>

declare module 'fastify' {
  interface FastifyInstance {
    /** Of clients that want a token: those of one client from other networks are not held up. */
    limitGuesses: Limit
    /** Of operators: whoever it is that guesses, and wherever (operating contract 1). */
    limitSignIns: Limit
  }
}

/** So much for each key in a window; see plugins/budget.ts. */
interface Counter {
  /** Takes one. @returns 0, or the milliseconds until there is one again */
  take(key: string): number | Promise<number>
  giveBack(key: string): unknown
}

interface Options {
  /** Counts wrong passwords of operators; each process for itself where absent. */
  signIns?: (kind: string, limit: { max: number; windowMs: number }) => Counter
}

const windowMs = 60_000
/** Wrong secrets of one client from one network in a window; others who know the secret are not held up by them. */
const perClientMax = 100
/** Those of all clients from one network. */
const perNetworkMax = 500
/** Wrong passwords of one operator, and from one network. */
const signInsMax = 5
/** Each attempt takes one of Node's four threads for tens of milliseconds, and files and names need these too. */
const runningMax = 2
/** Of one network. */
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
          // A part of the digest is enough, and tells nothing of a password that was typed into the wrong field.
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
  /** What is told of: how many wrong ones there may be. */
  max: number
  /** What an attempt takes from, by the network and a digest of the name. */
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
      // Counted before it is tried, so that no number of attempts at once is more than the limit.
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
    tellLimit(reply, max, 0, seconds).header('retry-after', seconds)
    return rateLimited(message, waitMs)
  }
}
