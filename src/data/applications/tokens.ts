// Bearer tokens: opaque, stored as their SHA-256, looked up on every request.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '#clock/clock.ts'
import { column, columnsOf, int8, select, text } from '#data/columns.ts'
import { type Db, readingByKey } from '#data/database.ts'

export interface AccessToken {
  applicationId: number
  clientId: string
  /** Space-separated. */
  scope: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** For this long, other processes may still accept a revoked token. */
const cachedMs = 5_000
const cachedMax = 10_000

export interface TokenCache {
  find(token: string): Promise<AccessToken | undefined>
  forget(): void
}

/** Finds unexpired tokens; those found recently are returned without a round trip. */
export function openTokenCache(db: Db, clock: Clock): TokenCache {
  const cache = new LRUCache<string, AccessToken>({ max: cachedMax, ttl: cachedMs })
  clock.onMove(async () => cache.clear()) // a token deleted as expired must not survive a move of the clock back
  return {
    async find(token) {
      const known = cache.get(token)
      const found = known ?? (await db.one(findStatement, [hashToken(token)]))
      if (!found || found.expiresAt <= clock.now()) return undefined
      if (!known) cache.set(token, found)
      return found
    },
    forget: () => cache.clear(),
  }
}

/** Returns the form in which a token is stored. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

const findStatement = readingByKey(
  'find-token',
  select({
    ...columnsOf({ applicationId: int8, clientId: text, scope: text }, 't'),
    expiresAt: column(int8, '(extract(epoch from t.expires_time) * 1000)::bigint'),
  }),
  (columns) => `select ${columns} from access_token t where t.hash = $1`,
)

export function insertToken(
  db: Db,
  token: string,
  { applicationId, clientId, scope, expiresAt }: AccessToken,
): Promise<unknown> {
  const expires = new Date(expiresAt).toISOString()
  return db.run(insertStatement, [hashToken(token), applicationId, clientId, scope, expires])
}

const insertStatement = {
  name: 'insert-token',
  text: `
    insert into access_token (hash, application_id, client_id, scope, expires_time)
    values ($1, $2, $3, $4, $5)`,
}
