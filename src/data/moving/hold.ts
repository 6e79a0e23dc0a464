// One move into an application at a time, whichever processes they are.
import type { Database } from '#data/database.ts'

/** For advisory locks, whose first number names what they are of. */
const lockClass = 20_261_126

/**
 * Keeps other moves out of the application for as long as the connection lasts.
 * @returns what lets them in again; undefined where another has it
 */
export async function tryHoldMove(
  { pool }: Database,
  applicationId: number,
): Promise<(() => Promise<void>) | undefined> {
  const client = await pool.connect()
  const { rows } = await client.query('select pg_try_advisory_lock($1::int, $2::int) as held', [
    lockClass,
    applicationId % 2 ** 31,
  ])
  if (rows[0]?.held !== true) {
    client.release()
    return undefined
  }
  return async () => client.release(true) // with the connection the lock goes, too
}
