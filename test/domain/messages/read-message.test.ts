// What reading tells, and to whom it shows; test/properties/reading.test.ts holds what is unread.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getChannelContext } from '#domain/messages/get-channel-context.ts'
import { countUserUnread } from '#domain/messages/reading/count-user-unread.ts'
import { findLastReadMessage } from '#domain/messages/reading/find-last-read-message.ts'
import { isChannelUnread } from '#domain/messages/reading/is-channel-unread.ts'
import { listMessageReadReceipts } from '#domain/messages/reading/list-message-read-receipts.ts'
import { readChannel } from '#domain/messages/reading/read-channel.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { unreadMessage } from '#domain/messages/reading/unread-message.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { createThread } from '#domain/threads/create-thread.ts'
import { readThread } from '#domain/threads/read-thread.ts'
import { sendThreadMessage } from '#domain/threads/send-thread-message.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage, several } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

async function conversation() {
  const [reader, writer, outsider] = await several(3, () => createUser(server.main))
  const channel = await createChannel(server.main, { members: [{ id: reader.id }, { id: writer.id }] })
  const channelId: number = channel.id
  return {
    reader: callerOf(server.main, reader, 'r1'),
    writer: callerOf(server.main, writer),
    outsider: callerOf(server.main, outsider),
    names: { reader: reader.name, writer: writer.name },
    channelId,
    write: async (count = 1) => {
      const ids: number[] = []
      for (let n = 0; n < count; n++) {
        ids.push((await sendMessage(server.main, channelId, { user: { id: writer.id } })).id)
      }
      return ids
    },
    delivered: async (type: 'created' | 'deleted' = 'created') =>
      (await deliveredEvents(server, `message.read_receipt.${type}`))
        .filter((event) => event.channelId === channelId)
        .map(({ payload }) => payload),
  }
}

const page = { number: 0, size: 25, sort: [] }

describe('reading a message', () => {
  it('is published once, with its author and the time of its receipt', async () => {
    const { reader, writer, write, delivered } = await conversation()
    const [id = 0] = await write()
    await readMessage(server.ctx, reader, id)
    await readMessage(server.ctx, reader, id)
    const { items } = await listMessageReadReceipts(server.ctx, writer, id, page)
    expect(items).toMatchObject([{ messageId: id, user: { id: reader.userId } }])
    expect(await delivered()).toEqual([
      {
        messageId: id,
        userId: reader.userId,
        authorId: writer.userId,
        createdTime: items[0]?.createdTime,
        by: reader.userId,
        session: reader.session,
        receipt: 'r1',
      },
    ])
  })

  it("of the system is published without an author, and of the reader's own is not published", async () => {
    const { reader, channelId, delivered } = await conversation()
    const own = await sendMessage(server.main, channelId, { user: { id: reader.userId } })
    const system = await sendMessage(server.main, channelId)
    await readMessage(server.ctx, reader, own.id)
    await readMessage(server.ctx, reader, system.id)
    expect(await delivered()).toMatchObject([{ messageId: system.id, authorId: null }])
    await unreadMessage(server.ctx, reader, own.id)
    expect(await delivered('deleted')).toEqual([])
  })

  it('can be undone, which is published with the original time', async () => {
    const { reader, write, delivered } = await conversation()
    const [id = 0] = await write()
    await readMessage(server.ctx, reader, id)
    await unreadMessage(server.ctx, reader, id)
    await unreadMessage(server.ctx, reader, id)
    const [created] = await delivered()
    expect(await delivered('deleted')).toEqual([created])
    expect(await countUserUnread(server.ctx, reader)).toBe(1)
  })

  it('is for members only', async () => {
    const { outsider, channelId, write } = await conversation()
    const [id = 0] = await write()
    for (const work of [readMessage, unreadMessage]) {
      await expect(work(server.ctx, outsider, id)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
    }
    await expect(readChannel(server.ctx, outsider, channelId)).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
    await expect(readThread(server.ctx, outsider, id)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    await expect(isChannelUnread(server.ctx, outsider, channelId)).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
  })

  it('from before the user joined leaves a receipt, and nothing unread', async () => {
    const { outsider: late, channelId, write } = await conversation()
    const [id = 0] = await write(3)
    await server.main.post(`/channels/${channelId}/members`, { id: late.userId }).expect(200)
    expect(await countUserUnread(server.ctx, late)).toBe(0)
    await readMessage(server.ctx, late, id)
    await unreadMessage(server.ctx, late, id)
    expect(await countUserUnread(server.ctx, late)).toBe(0)
  })
})

describe('reading a channel', () => {
  it('publishes each newly read message, newest last', async () => {
    const { reader, channelId, write, delivered } = await conversation()
    const [first = 0, second = 0, third = 0] = await write(3)
    await readMessage(server.ctx, reader, second)
    await readChannel(server.ctx, reader, channelId)
    await readChannel(server.ctx, reader, channelId)
    expect((await delivered()).map(({ messageId }) => messageId)).toEqual([second, first, third])
    expect(await isChannelUnread(server.ctx, reader, channelId)).toBe(false)
  })

  it('publishes no more than the newest hundred, and marks all as read', async () => {
    const { reader, channelId, write, delivered } = await conversation()
    const ids = await write(130)
    await readChannel(server.ctx, reader, channelId)
    expect((await delivered()).map(({ messageId }) => messageId)).toEqual(ids.slice(-100))
    expect(await countUserUnread(server.ctx, reader)).toBe(0)
  })
})

describe('reading a thread', () => {
  it('marks what is in it as read, and leaves the rest of the channel unread', async () => {
    const { reader, writer, channelId, write, delivered } = await conversation()
    const [root = 0] = await write()
    const text = { type: 'TEXT' as const, body: 'x' }
    const standalone = await createThread(server.ctx, writer, channelId, { name: 'aside' })
    const replies: number[] = []
    for (let n = 0; n < 3; n++) {
      replies.push((await replyToMessage(server.ctx, writer, root, text)).id)
      await write()
      await sendThreadMessage(server.ctx, writer, standalone.id, text)
    }
    await readThread(server.ctx, reader, root)
    expect((await delivered()).map(({ messageId }) => messageId)).toEqual(replies)
    expect(await countUserUnread(server.ctx, reader)).toBe(7)
    await readThread(server.ctx, reader, standalone.id)
    expect(await countUserUnread(server.ctx, reader)).toBe(4)
  })
})

describe('the read position of a member', () => {
  it('is the last message that it has read', async () => {
    const { reader, writer, names, channelId, write } = await conversation()
    const [first, second, third = 0] = await write(3)
    const lastReadBy = async (caller: typeof reader, username?: string) =>
      (await findLastReadMessage(server.ctx, caller, channelId, username))?.id
    expect(await lastReadBy(reader)).toBeUndefined()
    await readMessage(server.ctx, reader, second as number)
    expect(await lastReadBy(reader)).toBe(second)
    expect(await lastReadBy(writer, names.reader)).toBe(second)
    expect(await lastReadBy(writer)).toBeUndefined()
    await readMessage(server.ctx, reader, third)
    await unreadMessage(server.ctx, reader, second as number)
    await unreadMessage(server.ctx, reader, third)
    expect(await lastReadBy(reader)).toBeUndefined()
    expect(first).toBeDefined()
    await expect(lastReadBy(reader, 'nobody')).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
  })

  it('is listed for a range of messages, its ends included', async () => {
    const { reader, writer, channelId, write } = await conversation()
    const ids = await write(4)
    const [first = 0, second = 0, third = 0, fourth = 0] = ids
    await readMessage(server.ctx, reader, third)
    const own = await sendMessage(server.main, channelId, { user: { id: reader.userId } })
    await readChannel(server.ctx, writer, channelId)
    const all = await getChannelContext(server.ctx, writer, channelId, {})
    expect(all).toEqual({
      startCursor: own.id,
      endCursor: first,
      readBy: {
        [first]: [],
        [second]: [],
        [third]: [reader.userId],
        [fourth]: [],
        [own.id]: [writer.userId],
      },
    })
    const part = await getChannelContext(server.ctx, writer, channelId, {
      startCursor: second,
      endCursor: third,
    })
    expect(Object.keys(part.readBy).map(Number)).toEqual([second, third])
  })
})
