import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { missingMigrations } from '#data/migrations.ts'

/** How long the database may take to answer. */
const patienceMs = 2_000

/** Why requests cannot be served. */
export interface Unready {
  /** For operators; quotes nothing that users wrote. */
  reason: string
  err?: unknown
}

/**
 * Returns undefined if requests can be served: the database answers within 2 s and has all migrations of this program,
 * and other processes can be reached if the settings name a Redis.
 */
export async function checkReady(ctx: Context): Promise<Unready | undefined> {
  try {
    const [missing] = await missingInTime(ctx)
    if (missing !== undefined) return { reason: `The database lacks the migration ${missing}` }
  } catch (err) {
    return { reason: 'The database does not answer', err }
  }
  if (ctx.bus.isConnected()) return undefined
  return { reason: 'Redis does not answer: other processes cannot be reached' }
}

async function missingInTime({ db, migrations }: Context): Promise<string[]> {
  const over = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`No answer within ${patienceMs} ms`)
  })
  try {
    return await Promise.race([missingMigrations(db, await migrations()), late])
  } finally {
    late.catch(() => {})
    over.abort()
  }
}
