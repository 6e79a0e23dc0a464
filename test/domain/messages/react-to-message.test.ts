import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { listMessageReactions } from '#domain/messages/reactions/list-message-reactions.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { removeReaction } from '#domain/messages/reactions/remove-reaction.ts'
import { countReports } from '#domain/messages/reports/count-reports.ts'
import { listMessageReports } from '#domain/messages/reports/list-message-reports.ts'
import { removeReport } from '#domain/messages/reports/remove-report.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let users: UserCaller[]
let first: UserCaller
let second: UserCaller
let moderator: UserCaller
let outsider: UserCaller
let channelId: number
let id: number
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
  const made = await Promise.all(Array.from({ length: 30 }, () => createUser(server.main)))
  users = made.toSorted((a, b) => a.id - b.id).map((user) => callerOf(server.main, user))
  ;[first, second, moderator] = users as [UserCaller, UserCaller, UserCaller]
  outsider = callerOf(server.main, await createUser(server.main))
  const channel = await createChannel(server.main, {
    creator: { id: moderator.userId },
    members: made.map(({ id }) => ({ id })),
  })
  channelId = channel.id
})
afterAll(() => server.close())
beforeEach(async () => {
  id = (await sendMessage(server.main, channelId)).id
})

const page = { number: 0, size: 25, sort: [] }
const react = (caller: UserCaller, emoji: string) => reactToMessage(server.ctx, caller, id, { emoji })
const remove = (caller: UserCaller, emoji: string) => removeReaction(server.ctx, caller, id, { emoji })
const reactionsOf = async () => (await getMessage(server.ctx, first, id)).reactions
const reactionCount = async () =>
  (await server.ctx.db.prisma.message.findUniqueOrThrow({ where: { id } })).reactionCount
const deliveredOf = async (type: Parameters<typeof deliveredEvents>[1]) =>
  (await deliveredEvents(server, type)).filter(({ payload }) => payload.messageId === id)

describe('reactions', () => {
  it('are stored once for each user and emoji, however the emoji is written and however often it is sent', async () => {
    const made = []
    for (const emoji of ['👍', ':thumbsup:', '+1']) made.push(await react(first, emoji))
    await Promise.all(Array.from({ length: 8 }, () => react(second, '👍')))
    await react(first, 'heart')
    expect(new Set(made.map(({ createdTime }) => createdTime)).size).toBe(1)
    expect(made[0]).toMatchObject({ messageId: id, emoji: { character: '👍' }, user: { id: first.userId } })
    expect(await reactionsOf()).toMatchObject([
      { emoji: { character: '👍' }, count: 2, users: [{ id: first.userId }, { id: second.userId }] },
      { emoji: { aliases: ['heart'] }, count: 1, users: [{ id: first.userId }] },
    ])
    expect(await reactionCount()).toBe(3)
    expect(await deliveredOf('message.reaction.created')).toHaveLength(3)
    expect((await deliveredOf('message.reaction.created'))[0]).toEqual({
      channelId,
      payload: {
        messageId: id,
        userId: first.userId,
        emoji: '👍',
        createdTime: made[0]?.createdTime,
        by: first.userId,
        session: first.session,
      },
    })
  })

  it('are shown to backends, too, and absent where there are none', async () => {
    await react(first, '👍')
    const shown = await server.main.get(`/messages/${id}`).expect(200)
    expect(shown.body.reactions).toMatchObject([{ count: 1, emoji: { character: '👍' } }])
    expect(shown.body.parentId).toBeUndefined()
    await remove(first, ':+1:')
    expect((await server.main.get(`/messages/${id}`).expect(200)).body.reactions).toBeUndefined()
    const channel = await server.main.get(`/channels/${channelId}`).expect(200)
    expect(channel.body.lastReceivedMessage.reactions).toBeUndefined()
  })

  it('name no more than 25 users, and count them all', async () => {
    await Promise.all(users.map((user) => react(user, '🎉')))
    const [summary] = (await reactionsOf()) ?? []
    expect(summary).toMatchObject({ count: 30, users: { length: 25 } })
    const list = await listMessageReactions(server.ctx, first, id, { ...page, number: 1 })
    expect(list).toMatchObject({ total: 30, items: { length: 5 } })
    expect(list.items[0]).toMatchObject({ emoji: { character: '🎉' }, messageId: id })
  })

  it('can be removed, which is published once', async () => {
    const { createdTime } = await react(first, '👍')
    await react(second, '👍')
    expect(await remove(first, '👍')).toMatchObject({ createdTime, user: { id: first.userId } })
    expect(await remove(first, '👍')).toMatchObject({ user: { id: first.userId } })
    expect(await reactionsOf()).toMatchObject([{ count: 1, users: [{ id: second.userId }] }])
    expect(await reactionCount()).toBe(1)
    expect(await deliveredOf('message.reaction.removed')).toMatchObject([
      { payload: { userId: first.userId, createdTime } },
    ])
  })

  it('must be emoji, of members', async () => {
    await expect(react(first, 'no such emoji')).rejects.toMatchObject({
      kind: 'ValidationError',
      problems: [{ field: 'emoji' }],
    })
    await expect(react(outsider, '👍')).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
    await expect(reactToMessage(server.ctx, first, 987_654, { emoji: '👍' })).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
  })

  it('are deleted with the user, and so are reports', async () => {
    const leaving = await createUser(server.main)
    await server.main.post(`/channels/${channelId}/members`, { id: leaving.id }).expect(200)
    const caller = callerOf(server.main, leaving)
    await react(caller, '👍')
    await react(first, '👍')
    await reportMessage(server.ctx, caller, id, { reason: 'spam' })
    await server.main.delete(`/users/${leaving.id}`).expect(200)
    expect(await reactionsOf()).toMatchObject([{ count: 1, users: [{ id: first.userId }] }])
    expect(await reactionCount()).toBe(1)
    expect(await countReports(server.ctx, first, id)).toBe(0)
  })
})

describe('reports', () => {
  const report = (caller: UserCaller, reason: string) =>
    reportMessage(server.ctx, caller, id, { reason, properties: { link: 'x' } })

  it('are stored once for each user, counted, and listed for backends', async () => {
    await report(first, 'spam')
    expect(await report(first, 'abuse')).toMatchObject({ reason: 'abuse', user: { id: first.userId } })
    await report(second, 'spam')
    expect(await countReports(server.ctx, second, id)).toBe(2)
    const { body } = await server.main.get(`/channels/${channelId}/reported-messages`).expect(200)
    expect(body._embedded.messages[0]).toMatchObject({ id, reportCount: 2 })
    expect((await deliveredOf('message.reported')).at(-1)?.payload).toMatchObject({
      userId: second.userId,
      report: { reason: 'spam', properties: { link: 'x' }, createdTime: expect.any(String) },
    })
  })

  it('can be read by moderators only', async () => {
    await report(first, 'spam')
    await expect(listMessageReports(server.ctx, first, id, page)).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
    expect(await listMessageReports(server.ctx, moderator, id, page)).toMatchObject({
      total: 1,
      items: [{ reason: 'spam', properties: { link: 'x' }, user: { id: first.userId } }],
    })
  })

  it('can be removed once', async () => {
    await report(first, 'spam')
    expect(await removeReport(server.ctx, first, id)).toMatchObject({ reason: 'spam' })
    expect(await countReports(server.ctx, first, id)).toBe(0)
    await expect(removeReport(server.ctx, first, id)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
    expect(await deliveredOf('message.report_removed')).toHaveLength(1)
  })
})
