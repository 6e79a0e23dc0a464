import type { Tx } from '#data/database.ts'
import { count } from '#data/events/counters.ts'
import { findUserIds, insertImportedMembers, lockGroupChannel } from '#data/jobs/imports.ts'
import type { ImportTarget, Numbered } from '#domain/jobs/store-once.ts'
import type { MemberImport } from '#resources/imports.ts'
import type { JobError } from '#resources/job.ts'

/** Makes users members of the job's channel, if they are not already. */
export async function storeMembers(
  tx: Tx,
  { applicationId, channelId = 0 }: ImportTarget,
  items: Numbered<MemberImport>[],
): Promise<JobError[]> {
  if (!(await lockGroupChannel(tx, applicationId, channelId))) {
    return items.map(({ index }) => ({ index, reason: `channel ${channelId} does not exist` }))
  }
  const users = await findUserIds(
    tx,
    applicationId,
    items.map(({ item }) => item.username),
  )
  const errors: JobError[] = []
  const members = items.flatMap(({ index, item: { username } }) => {
    const userId = users.get(username)
    if (userId !== undefined) return [{ channelId, userId, moderator: false }]
    errors.push({ index, reason: `user ${username} does not exist` })
    return []
  })
  const joined = await insertImportedMembers(tx, members)
  await count(tx, [{ type: 'channel.member.joined', applicationId, channelId, count: joined.length }])
  return errors
}
