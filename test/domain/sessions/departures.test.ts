import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { detachSession } from '#domain/sessions/detach-session.ts'
import { endSession } from '#domain/sessions/end-session.ts'
import { startChatSession } from '#domain/sessions/start-chat-session.ts'
import { type StartedSession, startSession } from '#domain/sessions/start-session.ts'
import { banUser } from '#domain/users/bans/ban-user.ts'
import { deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, several } from '../../support/factories.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

const start = (username: string) =>
  startSession(server.ctx, { apiKey: application.apiKey, username, authParams: {} })

const end = ({ id, user }: StartedSession, node = server.ctx.node.id) =>
  endSession(server.ctx, { id, applicationId: application.id, userId: user.id, node })

const enter = ({ id, key, user }: StartedSession, channelId: number) =>
  startChatSession(
    server.ctx,
    { kind: 'user', applicationId: application.id, userId: user.id, session: key },
    id,
    channelId,
  )

async function stateOf(...sessions: StartedSession[]): Promise<string[]> {
  const rows = await server.ctx.db.query({ text: 'select id, state from user_session where id = any($1)' }, [
    sessions.map(({ id }) => id),
  ])
  const states = new Map(rows.map(([id, state]) => [id, String(state)]))
  return sessions.map(({ id }) => states.get(id) ?? 'gone')
}

const byNumber = (a: unknown, b: unknown) => Number(a) - Number(b)

async function offlineUserIds(): Promise<unknown[]> {
  const told = await deliveredEvents(server, 'user.presence.changed')
  return told.filter(({ payload }) => payload.online === false).map(({ payload }) => payload.userId)
}

it('sessions that end together leave only channels without another session of their user, who goes offline with the last', async () => {
  const [alone, twice, stays] = await several(3, () => createUser(application))
  const users = [alone, twice, stays].map((user) => ({ id: user?.id ?? 0 }))
  const channel = await createChannel(application, { type: 'PUBLIC', name: 'room', members: users })
  const [first, second, third, gone, kept] = (await Promise.all(
    [alone, twice, twice, stays, stays].map((user) => start(user?.name ?? '')),
  )) as [StartedSession, StartedSession, StartedSession, StartedSession, StartedSession]
  for (const session of [first, second, third, gone, kept]) await enter(session, channel.id)
  await Promise.all([first, second, third, gone, first].map((session) => end(session)))
  expect(await stateOf(first, second, third, gone, kept)).toEqual([...Array(4).fill('ENDED'), 'ACTIVE'])
  const ours = [first, second].map(({ user }) => user.id).toSorted(byNumber)
  const left = await deliveredEvents(server, 'channel.participant.inactive')
  const whoLeft = left
    .filter(({ channelId }) => channelId === channel.id)
    .map(({ payload }) => payload.userId)
  expect(whoLeft.toSorted(byNumber)).toEqual(ours)
  const offline = (await offlineUserIds()).filter((id) => [...ours, kept.user.id].includes(Number(id)))
  expect(offline.toSorted(byNumber)).toEqual(ours)
})

it('a session that another process has taken over does not end', async () => {
  const session = await start((await createUser(application)).name)
  await end(session, server.ctx.node.id + 1)
  expect(await stateOf(session)).toEqual(['ACTIVE'])
  expect(await offlineUserIds()).not.toContain(session.user.id)
})

it('a session whose user row is locked waits, and delays no other', async () => {
  const users = await several(3, () => createUser(application))
  const [held, ...others] = (await Promise.all(users.map(({ name }) => start(name)))) as [
    StartedSession,
    ...StartedSession[],
  ]
  const late = await server.ctx.db.transact(async (tx) => {
    await tx.run({ text: 'select from "user" where id = $1 for update' }, [held.user.id])
    const waiting = end(held)
    await Promise.all(others.map((session) => end(session)))
    expect(await stateOf(held, ...others)).toEqual(['ACTIVE', 'ENDED', 'ENDED'])
    return { waiting }
  })
  await late.waiting
  expect(await stateOf(held)).toEqual(['ENDED'])
})

it('sessions whose connections are lost at the same time each keep their position', async () => {
  const sessions = await Promise.all(
    (await several(4, () => createUser(application))).map(({ name }) => start(name)),
  )
  await Promise.all(
    sessions.map(({ id }, nth) =>
      detachSession(server.ctx, id, 1_000_000 + nth, { [`/topic/"${nth}"`]: [nth, 's,1'] }),
    ),
  )
  const rows = await server.ctx.db.query(
    {
      text: 'select acked_position, topics, detached_time is not null from user_session where id = any($1) order by id',
    },
    [sessions.map(({ id }) => id)],
  )
  const inOrder = sessions.map(({ id }, nth) => ({ id, nth })).toSorted((a, b) => a.id - b.id)
  expect(rows).toEqual(
    inOrder.map(({ nth }) => [1_000_000 + nth, { [`/topic/"${nth}"`]: [nth, 's,1'] }, true]),
  )
})

it('a user who was offline does not go offline by a ban', async () => {
  const [offline, online] = await several(2, () => createUser(application))
  await start(online.name)
  const caller = { kind: 'application' as const, applicationId: application.id, scopes: [] }
  for (const { id } of [offline, online, online]) await banUser(server.ctx, caller, id, {})
  const banned = [offline.id, online.id]
  expect((await offlineUserIds()).filter((id) => banned.includes(Number(id)))).toEqual([online.id])
})

it('no chat session starts in a session that has ended', async () => {
  const channel = await createChannel(application)
  const session = await start((await createUser(application)).name)
  await end(session)
  await enter(session, channel.id)
  expect(await server.ctx.db.prisma.chatSession.count({ where: { sessionId: session.id } })).toBe(0)
})
