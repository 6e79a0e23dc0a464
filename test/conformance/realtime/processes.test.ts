// Several processes on one database act as one server for the official client, even if one of them dies.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Thread } from '@chatkitty/core'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { patienceMs } from '../../support/patience.ts'
import { type ServerProcess, startServerProcess } from '../../support/process.ts'
import { cloneDatabase } from '../../support/server.ts'
import { type CutProxy, openProxy } from '../cut-proxy.ts'
import { collect, connect, type Device, disconnect, done, startChat, uniqueName } from '../realtime.ts'
import { aMessage, aUser, keystrokes } from '../realtime-resources.ts'
import { hasRedis, redis } from '../redis.ts'

const isThere = await hasRedis()
const title = isThere ? 'two processes' : 'two processes (no Redis listens on localhost:6379)'

describe.skipIf(!isThere)(title, () => {
  const credentials = { clientId: 'shared', clientSecret: 'a shared secret', apiKey: uuid() }
  let home: string
  let database: Awaited<ReturnType<typeof cloneDatabase>>
  let first: ServerProcess
  let second: ServerProcess
  let network: CutProxy
  /** The proxy to Redis. */
  let bus: CutProxy
  let token: string
  const devices: Device[] = []

  const start = (name: string) =>
    startServerProcess({
      DATABASE_URL: database.url,
      REDIS_URL: `redis://${new URL(bus.url).host}`,
      CHATTERIE_HOME: join(home, name),
      CHATTERIE_ENCRYPTION_KEY: '5a'.repeat(32),
      CHATTERIE_CLIENT_ID: credentials.clientId,
      CHATTERIE_CLIENT_SECRET: credentials.clientSecret,
      CHATTERIE_API_KEY: credentials.apiKey,
    })

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'chatterie-processes-'))
    database = await cloneDatabase()
    bus = await openProxy(`http://${redis.host}:${redis.port}`)
    first = await start('first')
    second = await start('second')
    network = await openProxy(first.url)
    const answer = await fetch(`${second.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${credentials.clientId}:${credentials.clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    token = ((await answer.json()) as { access_token: string }).access_token
  })
  afterAll(async () => {
    await disconnect(...devices)
    await network?.close()
    await first?.end('SIGKILL')
    expect(await second?.end('SIGTERM')).toBe(0)
    await bus?.close()
    await database?.drop()
    await rm(home, { recursive: true, force: true })
  })

  /** Connects a user to a process. */
  async function at(server: { url: string }, username: string): Promise<Device> {
    const device = await connect(server, credentials, username)
    devices.push(device)
    return device
  }

  /** Sends as a backend through the second process. */
  async function post(path: string, body: object): Promise<{ id: number }> {
    const answer = await fetch(`${second.url}/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(200)
    return (await answer.json()) as { id: number }
  }

  it("deliver presence, chat sessions, typing and messages to each other's clients", async () => {
    const alice = await at(first, uniqueName('alice'))
    const presence = collect(alice.client.onUserPresenceChanged)
    const bob = await at(second, uniqueName('bob'))
    const [came] = await presence.next(({ name }) => name === bob.name)
    expect(came.presence).toEqual({ status: 'AVAILABLE', online: true })

    const joined = collect(bob.client.onChannelJoined)
    const members = [{ username: bob.name }]
    const { channel } = await done(
      alice.client.createChannel({ type: 'PUBLIC', name: uniqueName('both'), members }),
    )
    const [seen] = await joined.next(({ id }) => id === channel.id)
    const here = await startChat(alice, channel)
    const there = await startChat(bob, seen)
    const [entered] = await here.onParticipantEnteredChat.next()
    expect(entered).toEqual(aUser(bob.name, { isGuest: true }))

    alice.client.sendKeystrokes({ channel, keys: 'Hel' })
    const [typed] = await there.onKeystrokesReceived.next()
    expect(typed).toEqual(keystrokes({ username: alice.name, keys: 'Hel' }))
    await there.onTypingStarted.next()
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Hello' }))
    const [received] = await there.onMessageReceived.next()
    expect(received).toEqual(
      aMessage({
        type: 'TEXT',
        id: message.id,
        channelId: channel.id,
        body: 'Hello',
        user: aUser(alice.name),
      }),
    )
    await there.onTypingStopped.next()
    expect(there.onTypingStarted.items).toHaveLength(1)
    const { message: reply } = await done(bob.client.sendMessage({ message: received, body: 'Hi' }))
    await here.onMessageReceived.next(({ id }) => id === reply.id)
    await done(bob.client.readMessage({ message }))
    await here.onMessageRead.next(({ id }) => id === message.id)
    there.session.end()
    await here.onParticipantLeftChat.next()
    presence.items.length = 0
    await disconnect(bob)
    const [left] = await presence.next(({ name }) => name === bob.name)
    expect(left.presence).toEqual({ status: 'UNAVAILABLE', online: false })
    await disconnect(alice)
  })

  /** A channel that all these users have entered, to which a backend sends numbers. */
  async function countdown(...members: Device[]) {
    const names = members.map(({ name }) => ({ username: name }))
    const { id } = await post('/channels', { type: 'PRIVATE', name: uniqueName('numbers'), members: names })
    const chats = await Promise.all(
      members.map(async (device) => {
        const { channel } = await done(device.client.retrieveChannel(id))
        return startChat(device, channel)
      }),
    )
    let sent = 0
    return {
      chats,
      async send(count: number) {
        for (let each = 0; each < count; each += 1) {
          sent += 1
          await post(`/channels/${id}/messages`, { type: 'TEXT', body: String(sent) })
        }
      },
      /** Resolves when all users have received all numbers, in order. */
      async mustHaveArrived() {
        const expected = Array.from({ length: sent }, (_, each) => String(each + 1))
        const firsts = () =>
          chats.map((chat) => [...new Set(chat.onMessageReceived.items.map(([{ body }]) => body))])
        await expect.poll(firsts).toEqual(chats.map(() => expected))
      },
    }
  }

  it('lose no message while the bus between them is cut', async () => {
    const here = await at(first, uniqueName('here'))
    const there = await at(second, uniqueName('there'))
    const { send, mustHaveArrived } = await countdown(here, there)
    await send(10)
    bus.leadTo('http://127.0.0.1:1')
    bus.cut()
    await send(30)
    await mustHaveArrived()
    bus.leadTo(`http://${redis.host}:${redis.port}`)
    await send(10)
    await mustHaveArrived()
    await disconnect(here, there)
  })

  it('lose no message when one is killed: its clients reconnect to the other', async () => {
    const carol = await at(second, uniqueName('carol'))
    const dan = await at(network, uniqueName('dan'))
    const eva = await at(network, uniqueName('eva'))
    const gone = await connect(first, credentials, uniqueName('gone'))
    const { chats, send, mustHaveArrived } = await countdown(dan, eva, carol)
    const [chat] = chats
    if (!chat) throw new Error('dan has no chat')
    const { paginator } = await done(dan.client.listThreads({ channel: chat.session.channel }))
    const [main] = paginator.items
    chat.session.setThread(main as Thread)
    const presence = collect(carol.client.onUserPresenceChanged)

    await send(20)
    network.leadTo(second.url)
    expect(await first.end('SIGKILL')).toBeNull()
    await disconnect(gone)
    await send(20)
    await vi.waitFor(() => expect(network.open).toBe(2), { timeout: patienceMs, interval: 20 })
    await send(20)
    await mustHaveArrived()

    const { channel } = chat.session
    await done(dan.client.sendMessage({ channel, body: 'I am back' }))
    for (const each of chats) await each.onMessageReceived.next(({ body }) => body === 'I am back')
    await chat.onThreadMessageReceived.next((_, { body }) => body === 'I am back')
    // Only the user who did not reconnect was seen to leave.
    const changes = () => presence.items.map(([user]) => [user.name, user.presence.online])
    await expect.poll(changes).toEqual([[gone.name, false]])
    await disconnect(carol, dan, eva)
  })

  it('lose no message when one is stopped, as in a rolling restart', async () => {
    const fay = await at(network, uniqueName('fay'))
    const gus = await at(network, uniqueName('gus'))
    const { send, mustHaveArrived } = await countdown(fay, gus)
    await send(10)
    const third = await start('third')
    network.leadTo(third.url)
    const stopped = second
    second = third // through which the backend goes on
    expect(await stopped.end('SIGTERM')).toBe(0)
    await send(20)
    await vi.waitFor(() => expect(network.open).toBe(2), { timeout: patienceMs, interval: 20 })
    await send(10)
    await mustHaveArrived()
  })
})
