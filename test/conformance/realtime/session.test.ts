// Sessions of the official real-time client: their start, what the connection provides, and their end.

import {
  type Channel,
  type ChatKittyFailedResult,
  connectApi,
  getSdkClient,
  template,
  type User,
} from '@chatkitty/core'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { patienceMs } from '../../support/patience.ts'
import { shareServer, startServer, type TestServer } from '../../support/server.ts'
import {
  collect,
  connect,
  type Device,
  disconnect,
  done,
  environmentOf,
  refused,
  uniqueName,
  watchClient,
} from '../realtime.ts'
import { mustBeCoveredHere, note } from '../realtime-coverage.ts'
import { aCurrentUser } from '../realtime-resources.ts'
import { type Wire, wireOf } from '../wire-tap.ts'

let server: TestServer
let alice: Device
const refusedWires: Wire[] = []
beforeAll(async () => {
  server = await shareServer()
})
afterAll(async () => {
  await disconnect(alice)
  await server.close()
})

describe('a refusal', () => {
  it('of an API key, of a missing user or of guests is final, and gives the reason', async () => {
    const application = await server.createApplication()
    await createUser(application, { name: 'known' })
    const settings = { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' }
    await application.put('/application/settings', settings).expect(200)
    const refusals = [
      { apiKey: 'no-such-key', username: 'known' },
      { apiKey: uuid(), username: 'known' },
      { apiKey: application.apiKey, username: 'stranger' },
      { apiKey: application.apiKey, username: 'known' }, // nothing here could tell that it is them
      { apiKey: application.apiKey, username: '' },
    ]
    for (const { apiKey, username } of refusals) {
      const client = connectApi({ apiKey, username, $environment: environmentOf(server) })
      await expect(client).rejects.toThrow(/\w+ \w+/)
      const { frames, sockets } = wireOf(apiKey, username)
      expect(frames.map(({ command }) => command)).toEqual(['CONNECT', 'ERROR'])
      expect(JSON.parse(frames[1]?.body ?? '')).toEqual({
        error: 'AccessDeniedError',
        message: expect.any(String),
        timestamp: expect.any(String),
      })
      refusedWires.push(wireOf(apiKey, username))
      await vi.waitFor(() => expect(sockets[0]?.readyState).toBe(WebSocket.CLOSED), { timeout: patienceMs })
    }
  })
})

describe('a session', () => {
  it('of connectApi starts with the complete user, and without a password', async () => {
    alice = await connect(server, server.main, 'alice', { secret: 'päss' })
    const online = { isGuest: true, displayName: 'alice', presence: { status: 'AVAILABLE', online: true } }
    expect(alice.user).toEqual(aCurrentUser('alice', online))
    expect(alice.connection.unreadChannelsCount.value).toBe(0)
    expect(alice.connection.unreadMessagesCount.value).toBe(0)
  })

  it('of getSdkClient starts, notifies its observers, and ends', async () => {
    const application = await server.createApplication()
    const bare = getSdkClient(application.apiKey, { $environment: environmentOf(server) })
    note('getSdkClient')
    expect(getSdkClient(application.apiKey)).toBe(bare)
    const client = watchClient(bare)
    const changes = collect(client.onCurrentUserChanged)
    const online = collect<void>((callback) => client.onCurrentUserOnline(callback))
    const offline = collect<void>((callback) => client.onCurrentUserOffline(callback))
    expect(changes.items).toEqual([[null]])
    expect(() => client.retrieveCurrentUser()).toThrow(
      expect.objectContaining({ error: 'NoActiveSessionError' }),
    )

    const { session } = await done(client.startSession({ username: 'jane:doe ü' }))
    expect(session.user).toEqual(aCurrentUser('jane:doe ü', { isGuest: true }))
    await online.next()
    await changes.next((user) => user?.id === session.user.id)
    expect((await done(client.retrieveCurrentUser())).user).toEqual(aCurrentUser('jane:doe ü'))
    const shown = () => application.get(`/user-sessions`).expect(200)
    await expect.poll(shown).toMatchObject({
      body: { _embedded: { sessions: [{ state: 'ACTIVE', userAgent: 'ChatKitty-ChatUI/2.106.2' }] } },
    })

    offline.items.length = 0
    await client.endSession()
    await offline.next()
    await changes.next((user) => user === null)
    await expect
      .poll(async () => (await application.get(`/users/${session.user.id}`)).body.presence)
      .toEqual({ status: 'UNAVAILABLE', online: false })
    await expect.poll(shown).toMatchObject({ body: { _embedded: { sessions: [{ state: 'ENDED' }] } } })
  })

  it('is resumed as the same session when the client reconnects', async () => {
    const bob = await connect(server, server.main, uniqueName('bob'))
    const online = collect<void>((callback) => bob.client.onCurrentUserOnline(callback))
    const offline = collect<void>((callback) => bob.client.onCurrentUserOffline(callback))
    bob.wire.cut()
    await offline.next()
    await vi.waitFor(() => expect(online.items.length).toBe(1), { timeout: patienceMs })
    await done(bob.client.retrieveCurrentUser())
    const sessions = bob.wire.frames
      .filter(({ command }) => command === 'CONNECTED')
      .map(({ headers }) => headers.session)
    expect(sessions).toHaveLength(2)
    expect(new Set(sessions).size).toBe(1)
    // Unlike this one, the clients that were refused before have not reconnected.
    expect(refusedWires.map(({ connects }) => connects)).toEqual([1, 1, 1, 1, 1])
    await disconnect(bob)
  })

  it('does not exist for users of the local mode', () => {
    // Its type declares a string, which is a tag.
    const tag = template as unknown as (strings: TemplateStringsArray) => { strings: string[] }
    expect(tag`<p>Hello</p>`.strings).toEqual(['<p>Hello</p>'])
    note('template')
  })
})

describe('a connection', () => {
  it('shows changes of the user, and makes them', async () => {
    const { connection, client } = alice
    const watched = collect(connection.user.watch)
    await connection.updateUser({ displayName: 'Alice', properties: { team: 'a_B' } })
    await watched.next((user) => user.displayName === 'Alice')
    expect(connection.user.value).toEqual(
      aCurrentUser('alice', { displayName: 'Alice', properties: { team: 'a_B' } }),
    )
    const { user } = await done(
      client.updateCurrentUser((self) => ({ ...self, presence: { ...self.presence, status: 'BUSY' } })),
    )
    expect(user).toEqual(aCurrentUser('alice', { presence: { status: 'BUSY', online: true } }))
    const { body } = await server.main.get(`/users/${user.id}`).expect(200)
    expect(body).toMatchObject({ displayName: 'Alice', properties: { team: 'a_B' }, presence: user.presence })
  })

  it('refuses invalid values, and names the field', async () => {
    const { client, user } = alice
    const unnamed = client.updateCurrentUser(() => ({ ...user, displayName: '' }))
    expect(await refused(unnamed)).toMatchObject({
      error: 'ValidationError',
      message: expect.stringContaining('displayName'),
    })
  })

  it('survives a call that names nothing, for which the client has no destination', async () => {
    const { client, wire } = alice
    client.sendKeystrokes({ keys: 'x' } as Parameters<typeof client.sendKeystrokes>[0])
    const refusal = () =>
      wire.frames.find(({ from, body }) => from === 'S' && body.includes('There is nothing to do at'))
    await vi.waitFor(() => expect(refusal()?.command).toBe('MESSAGE'), { timeout: patienceMs, interval: 5 })
    await done(client.retrieveCurrentUser())
    expect(wire.connects).toBe(1)
  })

  it('counts unread messages, and counts again when one is received or read', async () => {
    const bob = await connect(server, server.main, 'bob')
    const { connection, client } = bob
    const channel = await createChannel(server.main, { members: [{ username: 'bob' }] })
    const delivered = collect(connection.notifications.watch)
    const channels = collect(connection.unreadChannelsCount.watch)
    const messages = collect(connection.unreadMessagesCount.watch)
    const sent = await sendMessage(server.main, channel.id, { body: 'Read me' })

    const [notification] = await delivered.next()
    expect(notification).toMatchObject({
      title: 'System message sent',
      body: 'Read me',
      muted: false,
      readTime: null,
      channel: { id: channel.id, _topics: { self: expect.any(String) } },
      data: { type: 'SYSTEM:SENT:MESSAGE', message: { id: sent.id } },
    })
    await messages.next((count) => count === 1)
    await channels.next((count) => count === 1)

    const { channel: seen } = await done(client.retrieveChannel(channel.id))
    messages.items.length = 0
    await done(client.readChannel({ channel: seen }))
    await messages.next((count) => count === 0)
    await vi.waitFor(() => expect(connection.unreadChannelsCount.value).toBe(0), { timeout: patienceMs })
    await disconnect(bob)
  })

  it('is slowed down where it asks for too much, and still gets all answers', async () => {
    const limited = await startServer({ RATE_LIMIT_PER_SECOND: '100' })
    const { apiKey } = limited.main
    const options = { apiKey, username: 'eager', $environment: environmentOf(limited) }
    const connection = await connectApi(options)
    const client = connection.getSdkClient()
    const user = { _relays: { channelMember: '/application/nothing.relay' } } as User
    const channel = { id: 1 } as Channel
    const slowedDown = () =>
      wireOf(apiKey, 'eager').frames.filter(({ body }) => body.includes('RateLimitedError'))
    // Time stands still, because a slow machine would serve fewer frames per second than a client may send.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    const asked = Array.from({ length: 1_100 }, () => client.checkUserIsChannelMember({ user, channel }))
    await expect
      .poll(() => slowedDown().length)
      .toBeGreaterThan(0)
      .finally(() => clock.mockRestore())
    const own = client.retrieveCurrentUser()
    const errors = (await Promise.all(asked)).map((answer) => (answer as ChatKittyFailedResult).error.error)
    expect(new Set(errors)).toEqual(new Set(['ResourceNotFoundError']))
    expect(await own).toMatchObject({ succeeded: true, user: { name: 'eager' } })
    await connection.dispose()
    await limited.close()
  })

  it('ends once, after pending actions are done', async () => {
    const carol = await connect(server, server.main, uniqueName('carol'))
    const steps: string[] = []
    carol.connection.onDispose(async () => void steps.push('disposed'))
    await carol.connection.dispose()
    expect(steps).toEqual(['disposed'])
    const { sockets } = carol.wire
    expect(sockets.map(({ readyState }) => readyState)).toEqual([WebSocket.CLOSED])
  })
})

describe('a display picture', () => {
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

  it('is uploaded with the grant of the session, and is public', async () => {
    const { client, connection } = alice
    const watched = collect(connection.user.watch)
    const file = { uri: `data:image/png;base64,${png}`, name: 'me.png', type: 'image/png', size: 70 }
    const steps: string[] = []
    const { user } = await done(
      client.updateCurrentUserDisplayPicture({
        file,
        progressListener: {
          onStarted: () => steps.push('started'),
          onProgress: () => undefined,
          onCompleted: (result) => steps.push(`completed ${result}`),
        },
      }),
    )
    expect(user).toEqual(aCurrentUser('alice'))
    expect(steps).toEqual(['started', 'completed 0'])
    await watched.next((delivered) => delivered.displayPictureUrl === user.displayPictureUrl)
    const picture = await fetch(user.displayPictureUrl)
    expect(picture.status).toBe(200)
    expect(Buffer.from(await picture.arrayBuffer()).toString('base64')).toBe(png)
  })

  it('may be hosted elsewhere', async () => {
    const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 1 }
    const { user } = await done(alice.client.updateCurrentUserDisplayPicture({ file }))
    expect(user).toEqual(aCurrentUser('alice', { displayPictureUrl: file.url }))
  })

  it('is refused at once where the client cannot send it', async () => {
    const file = new File(['x'], 'a.png', { type: 'image/png' })
    const { error } = await refused(alice.client.updateCurrentUserDisplayPicture({ file }))
    expect(error).toBe('ValidationError')
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
