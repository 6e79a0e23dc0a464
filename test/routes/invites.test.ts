import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('a user who is invited to a group channel becomes a member, and the invite is listed once', async () => {
  const user = await createUser(server.main)
  const channel = await createChannel(server.main, { type: 'PRIVATE' })
  const { body } = await server.main
    .post(`/channels/${channel.id}/invites`, { user: { id: user.id } })
    .expect(200)
  expect(Object.keys(body._links)).toEqual(['invitee', 'channel', 'application'])
  const again = await server.main
    .post(`/channels/${channel.id}/invites`, { user: { id: user.id } })
    .expect(200)
  expect(again.body).toEqual(body)
  const { body: invites } = await server.main.get(`/channels/${channel.id}/invites`).expect(200)
  expect(invites._embedded.invites).toEqual([body])
  const { body: members } = await server.main.get(`/channels/${channel.id}/members`).expect(200)
  expect(members._embedded.users.map(({ id }: { id: number }) => id)).toEqual([user.id])
})

it('no user is invited to a direct channel, and no blocked user to the channel', async () => {
  const [user, other] = await Promise.all([createUser(server.main), createUser(server.main)])
  const direct = await createChannel(server.main, { type: 'DIRECT', members: [{ id: user.id }] })
  await server.main.post(`/channels/${direct.id}/invites`, { user: { id: other.id } }).expect(400)
  const channel = await createChannel(server.main)
  await server.ctx.db.prisma.channelBlock.create({ data: { channelId: channel.id, userId: user.id } })
  await server.main.post(`/channels/${channel.id}/invites`, { user: { id: user.id } }).expect(400)
  await server.main.post(`/channels/${channel.id}/invites`, { user: { username: 'nobody' } }).expect(404)
})

it('a triggered event is returned, with its properties unchanged', async () => {
  const channel = await createChannel(server.main)
  const event = { type: 'My Custom Event', properties: { a_b: { c_d: 1 } } }
  const { body } = await server.main.post(`/channels/${channel.id}/events`, event).expect(200)
  expect(body).toMatchObject(event)
  expect(Object.keys(body._links)).toEqual(['application'])
  await server.main.post(`/channels/${channel.id}/events`, { type: 'x' }).expect(400)
})
