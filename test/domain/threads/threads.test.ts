import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteMessageForMe } from '#domain/messages/delete-message-for-me.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { createThread } from '#domain/threads/create-thread.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { getThreadMessage } from '#domain/threads/get-thread-message.ts'
import { listChannelThreads } from '#domain/threads/list-channel-threads.ts'
import { sendThreadMessage } from '#domain/threads/send-thread-message.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

const text = { type: 'TEXT' as const, body: 'x' }
const page = { number: 0, size: 25, sort: [] }

async function conversation() {
  const [one, two] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: one.id }] })
  return {
    member: callerOf(server.main, one, 'r1'),
    outsider: callerOf(server.main, two),
    channelId: channel.id as number,
  }
}

describe('a thread of its own', () => {
  it('is created by a member, and published', async () => {
    const { member, outsider, channelId } = await conversation()
    const thread = await createThread(server.ctx, member, channelId, { name: 'aside', properties: { a: 1 } })
    expect(thread).toMatchObject({ type: 'STANDALONE', name: 'aside', properties: { a: 1 }, channelId })
    expect(await getThread(server.ctx, member, thread.id)).toEqual(thread)
    expect((await deliveredEvents(server, 'thread.created')).at(-1)).toEqual({
      channelId,
      payload: { by: member.userId, session: member.session, receipt: 'r1' },
    })
    await expect(createThread(server.ctx, outsider, channelId, { name: 'x' })).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
    await expect(getThread(server.ctx, outsider, thread.id)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
  })

  it('holds messages of members that are no replies', async () => {
    const { member, outsider, channelId } = await conversation()
    const { id } = await createThread(server.ctx, member, channelId, { name: 'aside' })
    const message = await sendThreadMessage(server.ctx, member, id, text)
    expect(message).toMatchObject({ nestedLevel: 0, channelId, user: { id: member.userId } })
    expect(message.parentId).toBeUndefined()
    await expect(sendThreadMessage(server.ctx, outsider, id, text)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    await expect(getThreadMessage(server.ctx, member, id)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
  })
})

describe('the thread of a message', () => {
  it('accepts replies to that message', async () => {
    const { member, channelId } = await conversation()
    const root = await sendMessage(server.main, channelId)
    const reply = await sendThreadMessage(server.ctx, member, root.id, text)
    expect(reply).toMatchObject({ nestedLevel: 1, parentId: root.id })
    expect(await getThreadMessage(server.ctx, member, root.id)).toMatchObject({
      id: root.id,
      repliesCount: 1,
    })
  })
})

describe('the main thread', () => {
  it('is the channel itself', async () => {
    const { member, channelId } = await conversation()
    const { items } = await listChannelThreads(server.ctx, member, channelId, {}, page)
    expect(items).toMatchObject([{ type: 'MAIN', channelId }])
    const message = await sendThreadMessage(server.ctx, member, items[0]?.id as number, text)
    expect(message).toMatchObject({ nestedLevel: 0 })
    expect((await deliveredEvents(server, 'channel.message.created')).at(-1)).toMatchObject({
      payload: { messageId: message.id },
    })
  })
})

describe('the threads of a channel', () => {
  it('are listed in the requested order, oldest first', async () => {
    const { member, outsider, channelId } = await conversation()
    const root = await sendMessage(server.main, channelId)
    await replyToMessage(server.ctx, member, root.id, text)
    await createThread(server.ctx, member, channelId, { name: 'aside' })
    const typesOf = async (filters: Parameters<typeof listChannelThreads>[3]) => {
      const sorted = { ...page, sort: [{ property: 'what nobody knows', descending: true }] }
      const { items, total } = await listChannelThreads(server.ctx, member, channelId, filters, sorted)
      expect(total).toBe(items.length)
      return items.map(({ type }) => type)
    }
    expect(await typesOf({})).toEqual(['MAIN', 'MESSAGE', 'STANDALONE'])
    expect(await typesOf({ includeMainThread: false })).toEqual(['MESSAGE', 'STANDALONE'])
    expect(await typesOf({ standalone: true })).toEqual(['STANDALONE'])
    expect(await typesOf({ standalone: true, includeMainThread: true })).toEqual(['MAIN', 'STANDALONE'])
    await deleteMessageForMe(server.ctx, member, root.id)
    expect(await typesOf({}), 'not of what one does not see').toEqual(['MAIN', 'STANDALONE'])
    await expect(listChannelThreads(server.ctx, outsider, channelId, {}, page)).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
  })
})
