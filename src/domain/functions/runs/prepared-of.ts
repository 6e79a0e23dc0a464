// What runs were prepared with, so that what has not changed since comes without a round trip.
import { LRUCache } from 'lru-cache'
import type { Context, RuntimeSpec } from '#context.ts'

interface Token {
  text: string
  /** Of the client it was issued to. */
  clientSecret: string
  expiresAt: number
}

export interface Host {
  revision: number
  host: RuntimeSpec
  clientId: string
  clientSecret: string
}

interface Prepared {
  scripts: LRUCache<number, string>
  hosts: LRUCache<number, Host>
  tokens: LRUCache<number, Token>
}

/** Characters. */
const cachedMax = 32_000_000
const prepared = new WeakMap<Context, Prepared>()

export function preparedOf(ctx: Context): Prepared {
  const known = prepared.get(ctx)
  if (known) return known
  const made: Prepared = {
    scripts: new LRUCache({ maxSize: cachedMax, sizeCalculation: (script) => script.length + 1 }),
    hosts: new LRUCache({ maxSize: cachedMax, sizeCalculation: ({ host }) => JSON.stringify(host).length }),
    tokens: new LRUCache({ max: 10_000 }),
  }
  prepared.set(ctx, made)
  // A token that was over in the future is gone, also when the clock is back.
  ctx.clock.onMove(async () => made.tokens.clear())
  return made
}
