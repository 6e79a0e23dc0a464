// A chat session lasts as long as the subscription that began it (runtime contract 8.4).
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backendOf } from '#domain/access/caller.ts'
import { banUser } from '#domain/users/bans/ban-user.ts'
import { deleteUser } from '#domain/users/delete-user.ts'
import type { ChannelDocument } from '../support/documents.ts'
import { createChannel, createUser, several } from '../support/factories.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { Phone, untilLossIsNoticed } from './phone.ts'

let server: TestServer
let app: TestApplication
beforeAll(async () => {
  server = await startServer()
  app = server.main
})
afterAll(() => server.close())

const self = ({ id }: { id: number }) => `/topic/channels/${id}.self`
const own = ({ id }: { id: number }, name: string) => `/topic/users/${id}.${name}`

async function present({ id }: ChannelDocument): Promise<string[]> {
  const { body } = await app.get(`/channels/${id}/participants`).expect(200)
  return (body._embedded?.users ?? []).map(({ name }: { name: string }) => name)
}

/** Creates two channels of a user who is in both with a phone. */
async function inTwoChats() {
  const user = await createUser(app)
  const [left, kept] = await several(2, () => createChannel(app, { members: [{ id: user.id }] }))
  const phone = new Phone(server, app, user.name)
  await phone.connect()
  await phone.listen(own(user, 'channels'), self(left), self(kept))
  expect([await present(left), await present(kept)]).toEqual([[user.name], [user.name]])
  return { user, left, kept, phone }
}

/** Reconnects, and resubscribes to everything but one channel, as official clients do. */
async function comeBack({ user, kept, phone }: Awaited<ReturnType<typeof inTwoChats>>): Promise<void> {
  await phone.connect()
  await phone.listen(own(user, 'channels'), self(kept))
  phone.askForUser()
}

describe('a chat that is closed while its client has no connection', () => {
  it('ends when the client reconnects without it, so that its user is notified again', async () => {
    const all = await inTwoChats()
    const { user, left, kept, phone } = all
    await phone.cut()
    await comeBack(all)
    await expect.poll(() => present(left)).toEqual([])
    for (const { id } of [left, kept]) {
      await app.post(`/channels/${id}/messages`, { type: 'TEXT', body: 'Hello' }).expect(200)
    }
    const notified = async () => {
      const { body } = await app.get(`/users/${user.id}/notifications`).expect(200)
      return (body._embedded?.notifications ?? []).map(
        ({ channel }: { channel: { id: number } }) => channel.id,
      )
    }
    await expect.poll(notified).toEqual([left.id])
    expect(await present(kept)).toEqual([user.name])
    expect(await phone.listen(self(left))).toEqual([undefined])
    expect(await present(left)).toEqual([user.name])
  })

  it('ends even if its process died, so that it is unknown what the client was subscribed to', async () => {
    const all = await inTwoChats()
    const { user, left, kept, phone } = all
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    const text = 'update user_session set topics = null, node = node + 1 where key = $1::uuid'
    await server.ctx.db.query({ text }, [phone.session])
    await comeBack(all)
    await expect.poll(() => present(left)).toEqual([])
    expect(await present(kept)).toEqual([user.name])
  })
})

describe('a client that is subscribed twice to a channel', () => {
  it('stays in the chat until the last of the subscriptions ends', async () => {
    const { user, left, phone } = await inTwoChats()
    await phone.stomp?.ask('SUBSCRIBE', { id: 'second', destination: self(left) })
    await phone.stomp?.ask('UNSUBSCRIBE', { id: 'second' })
    expect(await present(left)).toEqual([user.name])
    await phone.stomp?.ask('UNSUBSCRIBE', { id: `to ${self(left)}` })
    expect(await present(left)).toEqual([])
  })
})

describe('a user who is in a chat', () => {
  it.each([
    ['banned', (id: number) => banUser(server.ctx, backendOf(app.id), id, {})],
    ['deleted', (id: number) => deleteUser(server.ctx, backendOf(app.id), id)],
  ])('leaves it and goes offline when they are %s, as others hear', async (_how, end) => {
    const { user, left } = await inTwoChats()
    const other = await createUser(app)
    await app.post(`/channels/${left.id}/members`, { id: other.id }).expect(200)
    const witness = new Phone(server, app, other.name)
    await witness.connect()
    const topics = ['participants', 'members'].map((name) => `/topic/channels/${left.id}.${name}`)
    await witness.listen(own(other, 'contacts'), ...topics)
    await end(user.id)
    const offline = { id: user.id, presence: { status: 'UNAVAILABLE', online: false } }
    const heard = () => witness.heard.filter(({ resource }) => Reflect.get(resource, 'id') === user.id)
    await expect.poll(heard).toContainEqual(
      expect.objectContaining({
        type: 'contact.presence.changed',
        resource: expect.objectContaining(offline),
      }),
    )
    expect(heard()[0]).toMatchObject({ type: 'channel.participant.inactive' })
    expect(await present(left)).toEqual([])
  })
})
