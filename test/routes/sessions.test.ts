import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('without sessions, the lists are empty', async () => {
  for (const path of [
    '/user-sessions',
    '/chat-sessions',
    '/user-sessions?state=ACTIVE',
    '/chat-sessions?state=ENDED',
  ]) {
    const { body } = await server.main.get(path).expect(200)
    expect(body).toMatchObject({ _embedded: { sessions: [] }, page: { totalElements: 0 } })
  }
  await server.main.get('/user-sessions?state=ASLEEP').expect(400)
  await server.main.get('/user-sessions/1').expect(404)
})

it('lists sessions by state, oldest first, and who is in a channel', async () => {
  const application = await server.createApplication()
  const user = await createUser(application)
  const channel = await createChannel(application, { members: [{ id: user.id }] })
  const open = (state: 'ACTIVE' | 'ENDED') =>
    server.ctx.db.prisma.userSession.create({
      data: {
        applicationId: application.id,
        userId: user.id,
        key: uuid(),
        node: server.ctx.node.id,
        userAgent: 'test',
        state,
        ...(state === 'ENDED' && { endTime: new Date() }),
        chatSessions: { create: { channelId: channel.id, state } },
      },
    })
  const ended = await open('ENDED')
  const active = await open('ACTIVE')

  const { body: all } = await application.get('/user-sessions').expect(200)
  expect(all._embedded.sessions.map(({ id }: { id: number }) => id)).toEqual([
    Number(ended.id),
    Number(active.id),
  ])
  const { body: users } = await application.get('/user-sessions?state=ACTIVE').expect(200)
  expect(users._embedded.sessions).toMatchObject([
    { state: 'ACTIVE', userAgent: 'test', user: { id: user.id } },
  ])
  expect(users._embedded.sessions[0]).not.toHaveProperty('endTime')
  const { body: chats } = await application.get('/chat-sessions?state=ENDED').expect(200)
  expect(chats._embedded.sessions).toMatchObject([{ state: 'ENDED', session: { id: Number(ended.id) } }])
  expect(Object.keys(chats._embedded.sessions[0]._links)).toEqual(['session', 'channel', 'application'])
  const { body: there } = await application.get(`/channels/${channel.id}/participants`).expect(200)
  expect(there._embedded.users.map(({ id }: { id: number }) => id)).toEqual([user.id])
  await application.get(`/user-sessions/${active.id}`).expect(200)
})

it.each(['/user-sessions', '/chat-sessions'])(
  '%s can be filtered by state on every connection that has sorted by it',
  async (path) => {
    const queries = ['sort=state', 'state=ACTIVE', 'sort=state,desc', 'state=ACTIVE&sort=state']
    for (const query of queries) {
      const answers = Array.from({ length: 20 }, () => server.main.get(`${path}?${query}`).expect(200))
      await Promise.all(answers)
    }
  },
)
