import type { Context } from '#context.ts'
import {
  beforeAll,
  endItems,
  idsOfItems,
  type Move,
  type PendingItem,
  pendingItems,
} from '#data/moving/items.ts'
import { insertMovedSpans, type MovedSpan } from '#data/moving/reading.ts'
import type { MovedReceipts } from '#resources/moving.ts'

const batch = 1_000

/**
 * Stores who has read what in a channel, as spans: consecutive messages that a user has read at the same time, not
 * counting their own, form one (data/sql/mark-read.ts). Writes all of the channel in one commit, or nothing.
 * @param channel key of the channel
 * @returns how many items are done
 */
export async function writeReceipts(ctx: Context, move: Move, channel: string): Promise<number> {
  return ctx.db.transact(async (tx) => {
    const channelId = (await idsOfItems(tx, move, 'channel', [channel])).get(channel)
    const open = new Map<number, MovedSpan>()
    let done = 0
    let after = beforeAll
    for (;;) {
      const items = await pendingItems<MovedReceipts>(tx, move, 'receipts', after, batch, { channel })
      const last = items.at(-1)
      if (!last) break
      after = last
      done += items.length
      const closed = channelId === undefined ? [] : extend(open, channelId, await resolve(items))
      await insertMovedSpans(tx, closed)
      await endItems(
        tx,
        move,
        'receipts',
        items.map(({ key }) => ({ key })),
      )
    }
    await insertMovedSpans(tx, [...open.values()])
    return done

    async function resolve(items: PendingItem<MovedReceipts>[]): Promise<Read[]> {
      const messages = await idsOfItems(
        tx,
        move,
        'message',
        items.map(({ key }) => key),
      )
      const people = await idsOfItems(
        tx,
        move,
        'user',
        items.flatMap(({ content }) =>
          [...content.readers.map(({ user }) => user), content.author ?? []].flat(),
        ),
      )
      return items.flatMap(({ key, id: before, content }) => {
        const id = messages.get(key)
        if (id === undefined) return []
        const readers = content.readers.flatMap(({ user, time }): [number, string][] => {
          const userId = people.get(user)
          return userId === undefined ? [] : [[userId, time]]
        })
        return [
          {
            id,
            isAlone: before !== null,
            authorId: people.get(content.author ?? ''),
            readers: new Map(readers),
          },
        ]
      })
    }
  })
}

/** A message, and when each reader has read it. */
interface Read {
  id: number
  /** Whether the receipts were read again, possibly without those of the neighbouring messages. */
  isAlone: boolean
  authorId: number | undefined
  readers: Map<number, string>
}

/** Extends the open spans. @returns those that end */
function extend(open: Map<number, MovedSpan>, channelId: number, messages: Read[]): MovedSpan[] {
  const closed: MovedSpan[] = []
  const close = (goesOn: (userId: number, span: MovedSpan) => boolean) => {
    for (const [userId, span] of open) {
      if (goesOn(userId, span)) continue
      closed.push(span)
      open.delete(userId)
    }
  }
  for (const { id, isAlone, authorId, readers } of messages) {
    close((userId, { time }) => !isAlone && (userId === authorId || readers.get(userId) === time))
    for (const [userId, time] of readers) {
      const span = open.get(userId)
      if (span) span.throughId = id
      else open.set(userId, { channelId, userId, fromId: id, throughId: id, time })
    }
    if (isAlone) close(() => false)
  }
  return closed
}
