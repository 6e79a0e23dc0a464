import type { Tx } from '#data/database.ts'
import type { Withdrawn } from '#data/removal/withdrawal.ts'
import { removalOf } from '#domain/removal/removal-of.ts'

/** So many events are written by one statement. */
const eventsMax = 1_000

/** Has what is withdrawn counted off, in the same commit. @returns how many messages that are */
export async function countOff(tx: Tx, applicationId: number, withdrawn: Withdrawn[]): Promise<number> {
  for (let at = 0; at < withdrawn.length; at += eventsMax) {
    await tx.emit(...withdrawn.slice(at, at + eventsMax).map((each) => removalOf(applicationId, each)))
  }
  return withdrawn.reduce((sum, { count }) => sum + count, 0)
}
