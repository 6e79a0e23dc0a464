import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getMessage } from '#domain/messages/get-message.ts'
import { getParent } from '#domain/messages/get-parent.ts'
import { listReplies } from '#domain/messages/list-replies.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { WriteMessage } from '#resources/message.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

const hello = { type: 'TEXT' as const, body: 'Hello!' }

async function conversation(fields: Record<string, unknown> = {}) {
  const [author, outsider] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: author.id }], ...fields })
  return {
    author: callerOf(server.main, author, 'r1'),
    outsider: callerOf(server.main, outsider),
    channelId: channel.id as number,
  }
}

describe('a user who sends', () => {
  it("is the author, whatever user it names, and the event names the client's action", async () => {
    const { author, outsider, channelId } = await conversation()
    const input = { ...hello, user: { id: outsider.userId } }
    const message = await sendMessage(server.ctx, author, { channelId }, input)
    expect(message).toMatchObject({ type: 'TEXT', body: 'Hello!', user: { id: author.userId } })
    const { userId, session } = author
    const events = await deliveredEvents(server, 'channel.message.created')
    expect(events.filter(({ payload }) => payload.messageId === message.id)).toEqual([
      { channelId, payload: { messageId: message.id, userId, by: userId, session, receipt: 'r1' } },
    ])
  })

  it('must be a member: of a public channel the error says so, other channels are answered as unknown', async () => {
    const open = await conversation()
    await expect(
      sendMessage(server.ctx, open.outsider, { channelId: open.channelId }, hello),
    ).rejects.toMatchObject({ kind: 'AccessDeniedError' })
    const closed = await conversation({ type: 'PRIVATE' })
    const abroad = callerOf(server.main, await createUser(await server.createApplication()))
    for (const [caller, channelId] of [
      [closed.outsider, closed.channelId],
      [closed.author, 987_654],
      [abroad, open.channelId],
    ] as const) {
      await expect(sendMessage(server.ctx, caller, { channelId }, hello)).rejects.toMatchObject({
        kind: 'ResourceNotFoundError',
      })
    }
  })

  it('fails without affecting others in the same group commit, and is not affected by them', async () => {
    const { author, outsider, channelId } = await conversation()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, at) =>
        sendMessage(server.ctx, at % 4 ? author : outsider, { channelId }, hello),
      ),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(
      outcomes.map((_, at) => (at % 4 ? 'fulfilled' : 'rejected')),
    )
  })

  it('mentions channels that it may see, and no others', async () => {
    const { author, channelId } = await conversation()
    const secret = await createChannel(server.main, { type: 'PRIVATE' })
    const own = await createChannel(server.main, { type: 'PRIVATE', members: [{ id: author.userId }] })
    const open = await createChannel(server.main)
    const body = [secret, own, open].map(({ name }) => `<#${name}>`).join(' ')
    const message = await sendMessage(server.ctx, author, { channelId }, { type: 'TEXT', body })
    expect(message).toMatchObject({ mentions: [{ channel: { id: own.id } }, { channel: { id: open.id } }] })
    expect(message).not.toMatchObject({ mentions: { length: 3 } })
  })

  it('cannot choose the author in the body of its action', () => {
    expect(WriteMessage.parse({ ...hello, user: { id: 1 } })).toEqual(hello)
  })
})

describe('a reply', () => {
  it('is one level deeper than its parent, to any depth, and links to it', async () => {
    const { author, channelId } = await conversation()
    let parent = await sendMessage(server.ctx, author, { channelId }, hello)
    expect(parent.parentId).toBeUndefined()
    for (let level = 1; level <= 4; level++) {
      const reply = await replyToMessage(server.ctx, author, parent.id, hello)
      expect(reply).toMatchObject({ nestedLevel: level, parentId: parent.id })
      expect(await getMessage(server.ctx, author, parent.id)).toMatchObject({ repliesCount: 1 })
      expect(await getParent(server.ctx, author, reply.id)).toMatchObject({ id: parent.id, repliesCount: 1 })
      parent = reply
    }
  })

  it('is in the thread of its parent, and its event says so', async () => {
    const { author, channelId } = await conversation()
    const root = await sendMessage(server.ctx, author, { channelId }, hello)
    const replies = await Promise.all([1, 2].map(() => replyToMessage(server.ctx, author, root.id, hello)))
    const page = await listReplies(server.ctx, author, root.id, { size: 10, relation: 'SELF' })
    expect(new Set(page.items.map(({ id }) => id))).toEqual(new Set(replies.map(({ id }) => id)))
    expect(await getThread(server.ctx, author, root.id)).toMatchObject({ id: root.id, type: 'MESSAGE' })
    const events = await deliveredEvents(server, 'thread.message.created')
    expect(events.at(-1)).toMatchObject({ channelId, payload: { parentId: root.id, by: author.userId } })
  })

  it('is refused to a user who does not see the parent, and no thread is created', async () => {
    const { author, outsider, channelId } = await conversation()
    const root = await sendMessage(server.ctx, author, { channelId }, hello)
    await expect(replyToMessage(server.ctx, outsider, root.id, hello)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    await expect(getThread(server.ctx, outsider, root.id)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    expect(await server.ctx.db.prisma.thread.count({ where: { id: root.id } })).toBe(0)
    const page = await listReplies(server.ctx, author, root.id, { size: 10, relation: 'SELF' })
    expect(page.items, 'no thread, no replies').toEqual([])
  })
})
