// Unmodified older generations of the official real-time client: chatkitty 1.58.2, which adds /v1 to its requests, and
// chatkitty 2.5.0, which has no methods except the bridge for a chat UI. The newest client has the same bridge.

import { MessageChannel, type MessagePort } from 'node:worker_threads'
import {
  type ApiConnection,
  type Channel,
  type CurrentUser,
  connectApi,
  type Message,
  type ReadReceipt,
  type User,
  type UserBlockedRecord,
} from '@chatkitty/core'
import legacy from 'chatkitty-1.58'
import { connectApi as connectApi25 } from 'chatkitty-2.5'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createChannel, createUser } from '../../support/factories.ts'
import { patienceMs } from '../../support/patience.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import type { LegacyClient } from '../generations/client.ts'
import { collect, done, environmentOf, Inbox, refused, uniqueName } from '../realtime.ts'
import { aChannel, aCurrentUser, aMessage, aUser, ofAMessage } from '../realtime-resources.ts'
import { wireOf } from '../wire-tap.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  for (const name of ['ann', 'ben']) await createUser(server.main, { name, displayName: name })
})
afterAll(() => server.close())

describe('chatkitty 1.58.2', () => {
  // As in the loader.
  const { default: ChatKitty } = legacy as unknown as { default: new (options: object) => LegacyClient }
  let ann: LegacyClient
  let ben: LegacyClient
  let channel: Channel

  async function connect(username: string): Promise<LegacyClient> {
    const { host, secure } = environmentOf(server)
    const client = new ChatKitty({ apiKey: server.main.apiKey, host, isSecure: secure })
    const { session } = await done(client.startSession({ username }))
    expect(session.user).toEqual(aCurrentUser(username))
    const wire = wireOf(server.main.apiKey, username)
    await vi.waitFor(() => expect(wire.isAnswered).toBe(true), { timeout: patienceMs, interval: 5 })
    return client
  }

  beforeAll(async () => {
    ;[ann, ben] = await Promise.all([connect('ann'), connect('ben')])
    const request = { type: 'PUBLIC' as const, name: uniqueName('old'), members: [{ username: 'ben' }] }
    channel = (await done(ann.createChannel(request))).channel
  })
  afterAll(() => Promise.all([ann, ben].map((client) => client?.endSession())))

  it('requests its user and its channels by the paths of the first version', async () => {
    const { user } = await done(ann.getCurrentUser())
    expect(user).toEqual(aCurrentUser('ann'))
    const { frames } = wireOf(server.main.apiKey, 'ann')
    const asked = frames.flatMap(({ headers }) => headers.destination ?? [])
    expect(asked).toEqual(expect.arrayContaining(['/application/v1/user.relay', '/user/queue/v1/errors']))
    const { channel: seen } = await done(ben.getChannel(channel.id))
    expect(seen).toEqual(aChannel({ type: 'PUBLIC', id: channel.id, creator: aUser('ann') }))
    const { paginator } = await done(ben.getChannels({ filter: { joined: true } }))
    expect(paginator.items.map(({ id }) => id)).toEqual([channel.id])
    const { user: other } = await done(ann.getUser(seen.creator?.id ?? 0))
    expect(other).toEqual(aUser('ann'))
  })

  it('chats, lists and reads messages', async () => {
    const received = new Inbox<[Message, Message?]>()
    const typing = new Inbox<[User]>()
    const read = new Inbox<[Message, ReadReceipt]>()
    const callbacks = {
      onReceivedMessage: received.put,
      onTypingStarted: typing.put,
      onMessageRead: read.put,
    }
    const { session } = ben.startChatSession({ channel, ...callbacks })
    const wire = wireOf(server.main.apiKey, 'ben')
    await vi.waitFor(() => expect(wire.listensTo(channel._topics.events)).toBe(true), { timeout: patienceMs })

    ann.sendKeystrokes({ channel, keys: 'He' })
    expect((await typing.next())[0]).toEqual(aUser('ann'))
    const { message } = await done(ann.sendMessage({ channel, body: 'Hello' }))
    const shown = aMessage({ type: 'TEXT', channelId: channel.id, body: 'Hello', user: aUser('ann') })
    expect(message).toEqual(shown)
    expect((await received.next())[0]).toEqual(shown)
    const { message: reply } = await done(ben.sendMessage({ message, body: 'Hi' }))
    const [, parent] = await received.next(({ id }) => id === reply.id)
    expect(parent?.id).toBe(message.id)

    const { paginator } = await done(ben.getMessages({ channel }))
    expect(paginator.items).toMatchObject([{ body: 'Hi' }, { body: 'Hello' }])
    await done(ben.readMessage({ message }))
    expect((await read.next())[1]).toEqual(ofAMessage({ user: aUser('ben') }))
    expect((await done(ben.getUnreadMessagesCount({ channel }))).count).toBe(0)
    const { reaction } = await done(ben.reactToMessage({ message, emoji: ':+1:' }))
    expect(reaction.emoji.character).toBe('👍')
    session.end()
  })

  it('gets null where nothing was read, and deletes messages for itself', async () => {
    const where = await createChannel(server.main, { members: [{ username: 'ann' }, { username: 'ben' }] })
    const { channel: seen } = await done(ann.getChannel(where.id))
    const last = () => done(ann.getLastReadMessage({ channel: seen, username: 'ben' }))
    expect((await last()).message ?? null).toBeNull()
    const { message } = await done(ann.sendMessage({ channel: seen, body: 'Once' }))
    await done(ben.deleteMessageForMe({ message }))
    const list = async (client: LegacyClient) =>
      (await done(client.getMessages({ channel: seen }))).paginator.items
    expect(await list(ben)).toEqual([])
    expect(await list(ann)).toHaveLength(1)
    const updated = collect<Channel>(ben.onChannelUpdated.bind(ben))
    await server.main.patch(`/channels/${where.id}`, { displayName: 'Other' }).expect(200)
    const [delivered] = await updated.next(({ displayName }) => displayName === 'Other')
    expect(delivered.lastReceivedMessage).toBeUndefined()
  })

  it('joins, leaves and blocks, and receives the events of it', async () => {
    const open = await createChannel(server.main, { name: uniqueName('open') })
    const joined = collect<Channel>(ben.onChannelJoined.bind(ben))
    const left = collect<Channel>(ben.onChannelLeft.bind(ben))
    const { channel: seen } = await done(ben.getChannel(open.id))
    const { channel: mine } = await done(ben.joinChannel({ channel: seen }))
    await joined.next(({ id }) => id === open.id)
    await done(ben.leaveChannel({ channel: mine }))
    await left.next(({ id }) => id === open.id)
    const { user } = await done(ann.getUser((await done(ben.getCurrentUser())).user.id))
    expect((await done(ann.blockUser({ user }))).user).toEqual(aUser('ben'))
    const { paginator } = await done(ann.getUserBlockList())
    expect(paginator.items).toHaveLength(1)
    await done(ann.deleteUserBlockListItem({ item: paginator.items[0] as UserBlockedRecord }))
    expect((await refused(ann.getChannel(999_999_999))).error).toBe('ResourceNotFoundError')
  })
})

/** Connections have it, although their types omit it. */
interface Bridged {
  attach(port: MessagePort): void
}

interface FromServer {
  /** Absent in the answer to `connect`. */
  id?: string
  type: string
  payload?: { resource?: unknown }
}

/** How a chat UI in a page uses the connection of that page (runtime contract 10.2). */
class Bridge {
  readonly #port: MessagePort
  readonly #answers = new Map<string, (message: FromServer) => void>()

  constructor(connection: Bridged) {
    const { port1, port2 } = new MessageChannel()
    connection.attach(port2)
    port2.start()
    this.#port = port1
    this.#port.on('message', (data: FromServer) => {
      this.#answers.get(data.id ?? 'connect')?.(data)
    })
  }

  connect(): Promise<{ user: CurrentUser; write: object; read: object }> {
    return this.#ask('connect', { type: 'stompx:connect' }, ['stompx:connect.success'])
  }

  relay<Resource>(destination: string, parameters?: object): Promise<Resource> {
    const payload = { destination, parameters }
    return this.#ask(uuid(), { type: 'stompx:resource.relay', payload }, ['stompx:relay.success'])
  }

  perform<Resource>(destination: string, body: object): Promise<Resource> {
    const payload = { destination, body, events: undefined }
    return this.#ask(uuid(), { type: 'stompx:action.perform', payload }, ['stompx:action.success'])
  }

  subscribe(topic: string): Promise<unknown> {
    const types = ['stompx:topic.subscribed']
    return this.#ask(uuid(), { type: 'stompx:topic.subscribe', payload: { topic } }, types)
  }

  listen(topic: string, event: string): Inbox {
    const id = uuid()
    const inbox = new Inbox()
    this.#answers.set(id, ({ payload }) => inbox.put(payload?.resource))
    this.#port.postMessage({ id, type: 'stompx:event.listen', payload: { topic, event } })
    return inbox
  }

  close(): void {
    this.#port.postMessage({ type: 'stompx:disconnect' })
    this.#port.close()
  }

  #ask<Resource>(id: string, message: object, types: string[]): Promise<Resource> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${JSON.stringify(message)} was not answered`)),
        patienceMs,
      )
      this.#answers.set(id, ({ type, payload }) => {
        if (type === 'stompx:action.sent') return
        clearTimeout(timer)
        if (types.includes(type)) resolve((payload?.resource ?? payload) as Resource)
        else reject(new Error(JSON.stringify(payload)))
      })
      this.#port.postMessage({ id, ...message })
    })
  }
}

describe.each([
  ['chatkitty 2.5.0', connectApi25, 'ChatKitty-ChatUI/2.60.0'],
  ['@chatkitty/core 2.106.2', connectApi, 'ChatKitty-ChatUI/2.106.2'],
])('the bridge to a chat UI of %s', (_, connectApi, userAgent) => {
  let connection: Pick<ApiConnection, 'dispose'> & { user: { value: unknown } }
  let bridge: Bridge
  const username = uniqueName('jane')
  beforeAll(async () => {
    const $environment = environmentOf(server)
    connection = await connectApi({ apiKey: server.main.apiKey, username, $environment })
    bridge = new Bridge(connection as typeof connection & Bridged)
  })
  afterAll(async () => {
    bridge.close()
    await connection.dispose()
  })

  it('connects a chat UI that lists channels, sends and receives', async () => {
    expect(connection.user.value).toEqual(aCurrentUser(username))
    const { frames } = wireOf(server.main.apiKey, username)
    expect(frames[0]?.headers['StompX-User-Agent']).toBe(userAgent)
    const { user, write, read } = await bridge.connect()
    expect(user).toEqual(aCurrentUser(username))
    expect([write, read]).toEqual([{ grant: expect.any(String) }, { grant: expect.any(String) }])

    const channel = await bridge.perform<Channel>(user._actions.createChannel, {
      type: 'PUBLIC',
      name: uniqueName('ui'),
    })
    const shown = aChannel({ type: 'PUBLIC', id: channel.id, creator: aUser(username) })
    expect(channel).toEqual(shown)
    const { _embedded } = await bridge.relay<{ _embedded: object }>(user._relays.channels, {
      subscribable: true,
    })
    expect(_embedded).toHaveProperty('channels', [shown])

    const delivered = bridge.listen(channel._topics.messages, 'channel.message.created')
    await bridge.subscribe(channel._topics.self)
    await bridge.subscribe(channel._topics.messages)
    const message = await bridge.perform(channel._actions.message, { type: 'TEXT', body: 'Hi' })
    expect((await delivered.next())[0]).toEqual(message)
    const list = await bridge.relay<object>(channel._relays.messages, { mainThread: true })
    expect(list).toHaveProperty('_embedded.messages', [message])
    await expect(bridge.relay('/application/channels/999999999.relay')).rejects.toThrow(
      'ResourceNotFoundError',
    )
  })
})
