import type { Tx } from '#data/database.ts'
import { count } from '#data/events/counters.ts'
import { insertUsers } from '#data/jobs/imports.ts'
import type { ImportTarget, Numbered } from '#domain/jobs/store-once.ts'
import type { UserImport } from '#resources/imports.ts'
import type { JobError } from '#resources/job.ts'

/** Creates users; if the name exists already, the item counts as done. */
export async function storeUsers(
  tx: Tx,
  { applicationId }: ImportTarget,
  items: Numbered<UserImport>[],
): Promise<JobError[]> {
  const created = await insertUsers(
    tx,
    applicationId,
    items.map(({ item: { guest, displayPicture, ...user } }) => ({
      ...user,
      isGuest: guest,
      pictureUrl: displayPicture?.url,
    })),
  )
  await count(tx, [{ type: 'user.created', applicationId, count: created }])
  return []
}
