// Allows one move into an application at a time, across all processes.
import type { Database } from '#data/database.ts'
import { noticeLoss } from '#data/events/node.ts'

/** The first key of our advisory locks; the second is the application. */
const lockClass = 20_261_126

/**
 * Blocks other moves into the application until released or until the connection ends.
 * @returns a function that releases the lock, or undefined if another move holds it
 */
export async function tryHoldMove(
  { pool }: Database,
  applicationId: number,
): Promise<(() => Promise<void>) | undefined> {
  const client = await pool.connect()
  const { rows } = await client
    .query(`select ${noticeLoss}, pg_try_advisory_lock($1::int, $2::int) as held`, [
      lockClass,
      applicationId % 2 ** 31,
    ])
    .catch((error) => {
      client.release(true)
      throw error
    })
  if (rows[0]?.held !== true) {
    client.release()
    return undefined
  }
  return async () => client.release(true) // closing the connection releases the lock
}
