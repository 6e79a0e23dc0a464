import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { missingMigrations } from '#data/migrations.ts'
import { ChatError } from '#errors.ts'

/** How long the database may take to answer. */
const patienceMs = 2_000

/**
 * @throws ChatError 503 unless requests can be served: the database answers within 2 s and has all migrations of this
 * program, and other processes can be reached if the settings name a Redis
 */
export async function checkReady(ctx: Context): Promise<void> {
  const missing = await missingInTime(ctx)
  if (missing.length > 0) {
    throw new ChatError('ServiceUnavailableError', `The database lacks the migration ${missing[0]}`)
  }
  if (!ctx.bus.isConnected()) {
    throw new ChatError('ServiceUnavailableError', 'Redis does not answer: other processes cannot be reached')
  }
}

async function missingInTime({ db, log, migrations }: Context): Promise<string[]> {
  const over = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`No answer within ${patienceMs} ms`)
  })
  try {
    return await Promise.race([missingMigrations(db, await migrations()), late])
  } catch (error) {
    log.warn({ err: error }, 'the database does not answer')
    throw new ChatError('ServiceUnavailableError', 'The database does not answer')
  } finally {
    late.catch(() => {})
    over.abort()
  }
}
