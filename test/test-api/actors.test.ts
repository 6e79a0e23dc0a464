// Actors, as observed by the official client of another user.
import type { Channel } from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Chat,
  collect,
  connect,
  type Device,
  disconnect,
  done,
  startChat,
} from '../conformance/realtime.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'

let server: TestApiServer
let world: World
let alice: Device
let channel: Channel
let chat: Chat
beforeAll(async () => {
  server = await startTestApi()
  const users = ['alice', 'jane', 'john'].map((name) => ({ name, displayName: name, isGuest: false }))
  world = await server.createWorld({ seed: { users } })
  const members = [{ username: 'alice' }, { username: 'jane' }]
  await server.as(world).post('/channels').send({ type: 'PUBLIC', name: 'lobby', members }).expect(200)
  alice = await connect(server, world, 'alice')
  channel = (await done(alice.client.listChannels())).paginator.items[0] as Channel
  chat = await startChat(alice, channel)
})
afterAll(async () => {
  await disconnect(alice)
  await server.close()
})

async function actor(username: string, of = world): Promise<number> {
  const { body } = await server.testApi.post(`/worlds/${of.id}/actors`).send({ username }).expect(201)
  expect(body).toEqual({ id: expect.any(Number), username })
  return body.id
}

function act(id: number, action: string, body: object, status = 204) {
  return server.testApi.post(`/worlds/${world.id}/actors/${id}/${action}`).send(body).expect(status)
}

const leave = (id: number) => server.testApi.delete(`/worlds/${world.id}/actors/${id}`).expect(204)

async function isOnline(name: string): Promise<boolean> {
  const { body } = await server.as(world).get(`/users?name=${name}`).expect(200)
  return body._embedded.users[0].presence.online
}

describe('an actor', () => {
  it('is online until it leaves, and others receive that', async () => {
    const changes = collect(alice.client.onUserPresenceChanged.bind(alice.client))
    const id = await actor('jane')
    expect(await isOnline('jane')).toBe(true)
    await changes.next(({ name, presence }) => name === 'jane' && presence.online)
    await leave(id)
    expect(await isOnline('jane')).toBe(false)
    await changes.next(({ name, presence }) => name === 'jane' && !presence.online)
    await server.testApi.delete(`/worlds/${world.id}/actors/${id}`).expect(404)
  })

  it('enters and leaves a chat, by its id or its name', async () => {
    const id = await actor('jane')
    await act(id, 'start-chat', { channel: 'lobby' })
    await chat.onParticipantEnteredChat.next(({ name }) => name === 'jane')
    await act(id, 'end-chat', { channel: channel.id })
    await chat.onParticipantLeftChat.next(({ name }) => name === 'jane')
    await leave(id)
  })

  it('leaves only a chat that exists for it', async () => {
    const id = await actor('john')
    const { body } = await act(id, 'end-chat', { channel: 2 ** 40 }, 404)
    expect(body).toMatchObject({ detail: `channel ${2 ** 40} does not exist` })
    await act(id, 'end-chat', { channel: channel.id }) // which it had not entered
    await leave(id)
  })

  it('types, sends and stops typing', async () => {
    const id = await actor('jane')
    await act(id, 'type', { channel: 'lobby', keys: 'Hel' })
    await chat.onTypingStarted.next(({ name }) => name === 'jane')
    await chat.onKeystrokesReceived.next(({ keys, username }) => keys === 'Hel' && username === 'jane')
    const { body } = await act(id, 'send', { channel: 'lobby', body: 'Hello' }, 201)
    expect(body).toMatchObject({
      type: 'TEXT',
      body: 'Hello',
      user: { name: 'jane' },
      _links: expect.any(Object),
    })
    const [message] = await chat.onMessageReceived.next((each) => each.id === body.id)
    expect(message.body).toBe('Hello')
    await chat.onTypingStopped.next(({ name }) => name === 'jane')
    await leave(id)
  })

  it('reads and reacts', async () => {
    const id = await actor('jane')
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Read this' }))
    await act(id, 'read', { channel: 'lobby' })
    await chat.onMessageRead.next((read) => read.id === message.id)
    await act(id, 'react', { message: message.id, emoji: '👍' })
    const [reaction] = await chat.onMessageReactionAdded.next((reacted) => reacted.id === message.id)
    expect(reaction).toBeDefined()
    await leave(id)
  })

  it('is recorded in the journal like any user', async () => {
    const id = await actor('jane')
    const { body } = await act(id, 'send', { channel: 'lobby', body: 'Noted' }, 201)
    const match = JSON.stringify({ kind: 'event', payload: { messageId: body.id } })
    const entry = await server.testApi.get(`/worlds/${world.id}/journal/wait`).query({ match }).expect(200)
    expect(entry.body).toMatchObject({ type: 'channel.message.created', username: 'jane' })
    await leave(id)
  })

  it('has the permissions of its user, and no more', async () => {
    const id = await actor('john')
    await act(id, 'send', { channel: 'lobby', body: 'x' }, 403)
    await act(id, 'start-chat', { channel: 'lobby' }, 403)
    await act(id, 'read', { channel: 2 ** 40 }, 404)
    await act(id, 'type', { channel: 'nowhere', keys: 'x' }, 404)
    await act(id, 'react', { message: 2 ** 40, emoji: '👍' }, 404)
    await leave(id)
    await act(id, 'read', { channel: 'lobby' }, 404)
  })

  it('is an existing user, or a guest where guests are enabled', async () => {
    await actor('somebody')
    const seed = { users: [{ name: 'jane', displayName: 'Jane', isGuest: false }] }
    const closed = await server.createWorld({ seed, settings: { guestUsers: false } })
    const enter = (username: string) => server.testApi.post(`/worlds/${closed.id}/actors`).send({ username })
    await enter('nobody').expect(404)
    await enter('jane').expect(403) // a client would also be refused, as no function lets the user connect
  })

  it('is removed when its world is reset', async () => {
    const other = await server.createWorld()
    const id = await actor('guest', other)
    await server.testApi.post(`/worlds/${other.id}/reset`).expect(200)
    await server.testApi.delete(`/worlds/${other.id}/actors/${id}`).expect(404)
    expect(await actor('guest', other)).toBe(id)
    await server.testApi.delete(`/worlds/${other.id}`).expect(204)
    expect(server.ctx.testApi?.actors.find(other.id, id)).toBeUndefined()
  })

  it.each([
    ['', {}, 'username'],
    ['', { username: '' }, 'username'],
    ['', { username: 'jane', colour: 'red' }, 'colour'],
    ['send', { channel: 'lobby' }, 'body'],
    ['send', { channel: -1, body: 'x' }, 'channel'],
    ['type', { channel: 'lobby', keys: 7 }, 'keys'],
    ['react', { message: 'x', emoji: '👍' }, 'message'],
    ['start-chat', {}, 'channel'],
  ])('at /%s refuses %j, for %s is wrong', async (action, body, field) => {
    const id = await actor('jane')
    const path = action ? `/${id}/${action}` : ''
    const answer = await server.testApi.post(`/worlds/${world.id}/actors${path}`).send(body).expect(400)
    expect(answer.body).toMatchObject({ error: 'ClientError', field })
    await leave(id)
  })
})
