// A cache of what runs need, which saves round trips as long as nothing changes.
import { LRUCache } from 'lru-cache'
import type { Context, RuntimeSpec } from '#context.ts'

interface Token {
  text: string
  /** The secret of the client that the token was issued to. */
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
  // Tokens are deleted when a moved clock makes them expire, and do not return if the clock is moved back.
  ctx.clock.onMove(async () => made.tokens.clear())
  return made
}
