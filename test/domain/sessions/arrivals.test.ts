import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startSession } from '#domain/sessions/start-session.ts'
import { deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, several } from '../../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

const start = (username: string, resume?: string) =>
  startSession(server.ctx, { apiKey: application.apiKey, username, authParams: {}, resume })

it('concurrent sessions are started independently, each with its own id', async () => {
  const users = await several(8, () => createUser(application))
  const [banned] = users
  await server.ctx.db.query(
    {
      text: `insert into user_ban (application_id, user_id, reason, created_by) values ($1, $2, 'spam', 'me')`,
    },
    [application.id, banned?.id],
  )
  const names = [...users.map(({ name }) => name), 'a new guest', users[1]?.name ?? '']
  const came = await Promise.allSettled(names.map((name) => start(name)))
  const sessions = came.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  expect(sessions.map(({ user }) => user.name)).toEqual(names.slice(1))
  expect(sessions.every(({ user }) => user.presence.online)).toBe(true)
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(names.length - 1)
  expect(came[0]).toMatchObject({ reason: { kind: 'AccessDeniedError', message: /banned: spam/ } })
  await expect(start('undefined')).rejects.toThrow('cannot be one')
})

it('a user who connects with two devices at once comes online once', async () => {
  const user = await createUser(application)
  await Promise.all([start(user.name), start(user.name), start(user.name)])
  const told = await deliveredEvents(server, 'user.presence.changed')
  expect(told.filter(({ payload }) => payload.userId === user.id)).toHaveLength(1)
})

it('a session whose user row is locked waits, and delays no other', async () => {
  const [held, ...others] = await several(4, () => createUser(application))
  let isIn = false
  const late = await server.ctx.db.transact(async (tx) => {
    await tx.run({ text: 'select from "user" where id = $1 for update' }, [held?.id])
    const waiting = start(held?.name ?? '').then((session) => {
      isIn = true
      return session
    })
    await Promise.all(others.map(({ name }) => start(name)))
    expect(isIn).toBe(false)
    return { waiting }
  })
  expect(await late.waiting).toMatchObject({ user: { id: held?.id, presence: { online: true } } })
})

it('sessions that reconnect at the same time resume, each with the state of its user in channels', async () => {
  const users = await several(5, () => createUser(application))
  const channels = await Promise.all(users.map(({ id }) => createChannel(application, { members: [{ id }] })))
  const before = await Promise.all(users.map(({ name }) => start(name)))
  const back = await Promise.all(before.map(({ key, user }) => start(user.name, key)))
  const pending = () => server.ctx.db.prisma.outboxEvent.count()
  await expect.poll(pending).toBe(0) // a member that is not told of counts as none
  expect(back.map(({ id, isResumed }) => [id, isResumed])).toEqual(before.map(({ id }) => [id, true]))
  const relations = await Promise.all(
    users.map(({ id }) =>
      server.ctx.arrivals.relations({
        applicationId: application.id,
        userId: id,
        deliveredThrough: Number.MAX_SAFE_INTEGER,
      }),
    ),
  )
  expect(relations.map(({ memberships }) => [...memberships.keys()])).toEqual(channels.map(({ id }) => [id]))
})
