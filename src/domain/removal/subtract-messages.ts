import type { Tx } from '#data/database.ts'
import type { Withdrawn } from '#data/removal/withdrawal.ts'
import { removalOf } from '#domain/removal/removal-of.ts'

/** How many events one statement writes. */
const eventsMax = 1_000

/** Emits events that subtract withdrawn messages from counters, in the same commit. @returns the number of messages */
export async function subtractMessages(
  tx: Tx,
  applicationId: number,
  withdrawn: Withdrawn[],
): Promise<number> {
  for (let at = 0; at < withdrawn.length; at += eventsMax) {
    await tx.emit(...withdrawn.slice(at, at + eventsMax).map((each) => removalOf(applicationId, each)))
  }
  return withdrawn.reduce((sum, { count }) => sum + count, 0)
}
