import type { Tx } from '#data/database.ts'
import { count, tally } from '#data/events/counters.ts'
import { findUserIds, type ImportedMessage, insertMessages, lockChannels } from '#data/jobs/imports.ts'
import type { ImportTarget, Numbered } from '#domain/jobs/store-once.ts'
import { parseTexts } from '#domain/messages/parse-texts.ts'
import type { MessageImport } from '#resources/imports.ts'
import type { JobError } from '#resources/job.ts'

/**
 * Stores messages in the main threads of their channels, as history: nobody is notified of them and no function runs
 * for them (decision 5).
 */
export async function storeMessages(
  tx: Tx,
  { applicationId }: ImportTarget,
  items: Numbered<MessageImport>[],
): Promise<JobError[]> {
  const channels = await lockChannels(tx, applicationId, [
    ...new Set(items.map(({ item }) => item.channelId)),
  ])
  const users = await findUserIds(tx, applicationId, [
    ...new Set(items.flatMap(({ item }) => ('user' in item ? item.user : []))),
  ])
  const errors: JobError[] = []
  const wanted = items.filter(({ index, item }) => {
    const reason = !channels.has(item.channelId)
      ? `channel ${item.channelId} does not exist`
      : 'user' in item && !users.has(item.user)
        ? `user ${item.user} does not exist`
        : undefined
    if (reason !== undefined) errors.push({ index, reason })
    return reason === undefined
  })
  const texts = await parseTexts(
    tx,
    applicationId,
    wanted.map(({ item }) => item.body),
  )
  const messages = wanted.map(
    ({ item }, at): ImportedMessage => ({
      channelId: item.channelId,
      userId: 'user' in item ? users.get(item.user) : undefined,
      body: item.body,
      groupTag: item.groupTag,
      properties: item.properties,
      ...(texts[at] ?? { mentions: [], links: [] }),
    }),
  )
  await insertMessages(tx, applicationId, messages)
  await count(
    tx,
    tally(messages.map(({ channelId }) => channelId)).map(([channelId, count]) => ({
      type: 'channel.message.created' as const,
      applicationId,
      channelId,
      count,
    })),
  )
  return errors
}
