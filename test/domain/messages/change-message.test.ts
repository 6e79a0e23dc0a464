// Editing and deleting, for everybody and for oneself.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { countChannelMessages } from '#domain/messages/count-channel-messages.ts'
import { deleteMessage } from '#domain/messages/delete-message.ts'
import { deleteMessageForMe } from '#domain/messages/delete-message-for-me.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { getParent } from '#domain/messages/get-parent.ts'
import { listChannelMessages } from '#domain/messages/list-channel-messages.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { updateMessage } from '#domain/messages/update-message.ts'
import { getThreadMessage } from '#domain/threads/get-thread-message.ts'
import type { SeenMessage } from '#resources/message.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, several } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let author: UserCaller & { name: string }
let member: UserCaller
let moderator: UserCaller
let outsider: UserCaller
let channelId: number
let message: SeenMessage
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
  const users = await several(4, () => createUser(server.main))
  const [first, second, third, fourth] = users
  author = { ...callerOf(server.main, first), name: first.name }
  member = callerOf(server.main, second)
  moderator = callerOf(server.main, third)
  outsider = callerOf(server.main, fourth)
  const channel = await createChannel(server.main, {
    creator: { id: third.id },
    members: [{ id: first.id }, { id: second.id }],
  })
  channelId = channel.id
})
afterAll(() => server.close())
beforeEach(async () => {
  message = await sendMessage(server.ctx, author, { channelId }, { type: 'TEXT', body: 'Hello!' })
})

const denied = { kind: 'AccessDeniedError' }
const unknown = { kind: 'ResourceNotFoundError' }
const idsSeenBy = async (caller: UserCaller) => {
  const page = await listChannelMessages(server.ctx, caller, channelId, {}, { size: 100, relation: 'SELF' })
  return page.items.map(({ id }) => id)
}

describe('editing a message', () => {
  it('is for its author, marks it as edited, and finds mentions and links again', async () => {
    const body = `See https://example.com, <@${author.name}>`
    const edited = await updateMessage(server.ctx, { ...author, receipt: 'r7' }, message.id, { body })
    expect(edited).toMatchObject({
      body,
      links: [{ source: 'https://example.com' }],
      mentions: [{ user: { id: author.userId } }],
    })
    expect(edited.lastEditedTime).toBeDefined()
    const events = await deliveredEvents(server, 'channel.message.updated')
    expect(events.at(-1)).toEqual({
      channelId,
      payload: { messageId: message.id, by: author.userId, session: author.session, receipt: 'r7' },
    })
  })

  it('is denied to other members and moderators, and 404 for users outside the channel', async () => {
    for (const caller of [member, moderator]) {
      await expect(updateMessage(server.ctx, caller, message.id, { body: 'x' })).rejects.toMatchObject(denied)
    }
    await expect(updateMessage(server.ctx, outsider, message.id, { body: 'x' })).rejects.toMatchObject(
      unknown,
    )
  })

  it('cannot give a file a body', async () => {
    const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 3 }
    const { id } = await sendMessage(server.ctx, author, { channelId }, { type: 'FILE', file })
    await expect(updateMessage(server.ctx, author, id, { body: 'x' })).rejects.toMatchObject({
      kind: 'ValidationError',
      problems: [{ field: 'body' }],
    })
  })

  it('is separate from changing its properties, which moderators may do, too', async () => {
    const first = { a: 1, b: 2 }
    await updateMessage(server.ctx, author, message.id, { properties: { replace: first } })
    const changed = await updateMessage(server.ctx, moderator, message.id, {
      properties: { replace: { c: 3 } },
    })
    expect(changed.properties).toEqual({ c: 3 })
    expect(changed.lastEditedTime).toBeUndefined()
    await expect(
      updateMessage(server.ctx, member, message.id, { properties: { replace: {} } }),
    ).rejects.toMatchObject(denied)
  })
})

describe('deleting a message', () => {
  it('is for its author and moderators; the event contains it as it was', async () => {
    await expect(deleteMessage(server.ctx, member, message.id)).rejects.toMatchObject(denied)
    const deleted = await deleteMessage(server.ctx, moderator, message.id)
    expect(deleted.message).toMatchObject({ id: message.id, body: 'Hello!' })
    await expect(getMessage(server.ctx, author, message.id)).rejects.toMatchObject(unknown)
    const events = await deliveredEvents(server, 'channel.message.deleted')
    expect(events.at(-1)).toMatchObject({
      payload: {
        messageId: message.id,
        userId: author.userId,
        by: moderator.userId,
        message: { id: message.id, type: 'TEXT', body: 'Hello!', user: { id: author.userId } },
      },
    })
    await expect(deleteMessage(server.ctx, author, message.id)).rejects.toMatchObject(unknown)
  })

  it('by a backend keeps it in the event, too', async () => {
    await server.main.delete(`/messages/${message.id}`).expect(200)
    const events = await deliveredEvents(server, 'channel.message.deleted')
    expect(events.at(-1)?.payload).toMatchObject({ messageId: message.id, message: { body: 'Hello!' } })
    expect(events.at(-1)?.payload.by).toBeUndefined()
  })

  it('leaves its replies a parent without content', async () => {
    const reply = await replyToMessage(server.ctx, member, message.id, { type: 'TEXT', body: 're' })
    await deleteMessage(server.ctx, author, message.id)
    const parent = await getParent(server.ctx, author, reply.id)
    expect(parent).toMatchObject({ id: message.id, type: 'SYSTEM_TEXT', channelId, nestedLevel: 0 })
    expect(parent).not.toMatchObject({ body: 'Hello!' })
    expect(await getThreadMessage(server.ctx, author, message.id)).toEqual(parent)
    expect(await getMessage(server.ctx, author, reply.id)).toMatchObject({ parentId: message.id })
    const next = await replyToMessage(server.ctx, member, reply.id, { type: 'TEXT', body: 're: re' })
    expect(next.nestedLevel).toBe(2)
  })

  it('for oneself hides it from that user only', async () => {
    const before = await countChannelMessages(server.ctx, member, channelId, {})
    const reply = await replyToMessage(server.ctx, author, message.id, { type: 'TEXT', body: 're' })
    expect(await deleteMessageForMe(server.ctx, member, message.id)).toMatchObject({ id: message.id })
    await expect(getMessage(server.ctx, member, message.id)).rejects.toMatchObject(unknown)
    expect(await idsSeenBy(member)).not.toContain(message.id)
    expect(await idsSeenBy(author)).toContain(message.id)
    expect(await countChannelMessages(server.ctx, member, channelId, {})).toBe(before)
    expect(await countChannelMessages(server.ctx, author, channelId, {})).toBe(before + 1)
    expect(await getParent(server.ctx, member, reply.id)).toMatchObject({ type: 'SYSTEM_TEXT' })
    expect(await getParent(server.ctx, author, reply.id)).toMatchObject({ type: 'TEXT' })
    expect((await deliveredEvents(server, 'message.hidden')).at(-1)).toMatchObject({
      payload: { messageId: message.id, userId: member.userId, by: member.userId },
    })
  })
})
