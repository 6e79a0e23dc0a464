import type { Context } from '#context.ts'
import { endItems, idsOfItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { channelsOfMessages } from '#data/moving/messages.ts'
import { insertMovedNotifications, type MovedNote } from '#data/moving/reading.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedNotification } from '#resources/moving.ts'

/** Stores the notifications of the source, in order, without delivering them again. */
export async function writeMovedNotifications(
  ctx: Context,
  move: Move,
  items: PendingItem<MovedNotification>[],
): Promise<Problem[]> {
  return ctx.db.transact(async (tx) => {
    const keysOf = (read: (content: MovedNotification) => string | undefined) =>
      items.flatMap(({ content }) => read(content) ?? [])
    const people = await idsOfItems(
      tx,
      move,
      'user',
      keysOf(({ recipient }) => recipient),
    )
    const channels = await idsOfItems(
      tx,
      move,
      'channel',
      keysOf(({ mentionedChannel }) => mentionedChannel),
    )
    const messages = await idsOfItems(
      tx,
      move,
      'message',
      keysOf(({ message }) => message),
    )
    const there = await channelsOfMessages(tx, move.applicationId, [...messages.values()])
    const problems: Problem[] = []
    const notes = items.flatMap(({ key, content }): (MovedNote & { key: string })[] => {
      const recipientId = people.get(content.recipient)
      const messageId = messages.get(content.message)
      if (recipientId !== undefined && messageId !== undefined && there.has(messageId)) {
        const mentionedChannelId = channels.get(content.mentionedChannel ?? '')
        return [{ key, recipientId, messageId, mentionedChannelId, note: content }]
      }
      problems.push({ key, reason: 'the message that it is about could not be carried' })
      return []
    })
    await insertMovedNotifications(tx, notes)
    await endItems(
      tx,
      move,
      'notification',
      notes.map(({ key }) => ({ key })),
    )
    return problems
  })
}
