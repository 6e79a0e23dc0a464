// A server with alice and bob, who chat, and mallory, who disturbs them.
import type { Channel } from '@chatkitty/core'
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { type Chat, connect, type Device, disconnect, done, startChat } from '../conformance/realtime.ts'
import { frame, type ServerFrame, StompClient } from '../stomp/stomp-client.ts'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

const limits = {
  tickMs: 50,
  connectMs: 2_000,
  heartBeatMs: 200,
  subscriptionsMax: 200,
  bufferedBytesMax: 256 * 1024,
}

interface World {
  server: TestServer
  alice: Device
  bob: Device
  bobHears: Chat
  channel: Channel
  /** Open sockets of clients. */
  sockets: Set<object>
}

/** Registers the start and the end of the server. @returns what is available while the tests run */
export function openWorld() {
  const world = { sockets: new Set() } as World
  beforeAll(async () => {
    const { sockets } = world
    const server = await startServer({}, limits)
    server.app.server.on('upgrade', (_, socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    const [alice, bob] = await Promise.all([
      connect(server, server.main, 'alice'),
      connect(server, server.main, 'bob'),
    ])
    const members = [{ username: 'bob' }, { username: 'mallory' }]
    const { channel } = await done(alice.client.createChannel({ type: 'PRIVATE', name: 'ours', members }))
    const { channel: seen } = await done(bob.client.retrieveChannel(channel.id))
    const bobHears = await startChat(bob, seen)
    Object.assign(world, { server, alice, bob, bobHears, channel })
    await chat()
  })
  afterAll(async () => {
    await disconnect(world.alice, world.bob)
    await world.server.close()
  })

  const opened: StompClient[] = []
  // A test that fails must leave no sockets to the next one.
  afterEach(() => {
    for (const { ws } of opened.splice(0)) ws.terminate()
  })

  let said = 0

  /** Sends a message from alice to bob. */
  async function chat(): Promise<void> {
    said += 1
    const body = `Hello ${said}`
    await done(world.alice.client.sendMessage({ channel: world.channel, body }))
    await world.bobHears.onMessageReceived.next((message) => message.body === body)
  }

  const open = async ({ apiKey }: Pick<TestApplication, 'apiKey'> = world.server.main) => {
    const { port } = new URL(world.server.url)
    const path = `/rtm/websocket?api-key=${encodeURIComponent(apiKey)}`
    const client = await StompClient.open(Number(port), path)
    opened.push(client)
    return client
  }

  return Object.assign(world, {
    open,

    /** Lets alice and bob chat until the mischief is over, and once more afterwards. */
    async whileOthersChat<T>(mischief: Promise<T>): Promise<T> {
      let isOver = false
      const over = mischief.finally(() => {
        isOver = true
      })
      over.catch(() => undefined) // awaited below
      do await chat()
      while (!isOver)
      await chat()
      return over
    },

    /** Resolves when only the sockets of alice and bob are left. */
    async expectNothingIsLeft(): Promise<void> {
      await expect.poll(() => world.sockets.size).toBe(2)
    },

    /** Connects a user who follows the protocol so far; without the errors queue if `isDeaf`. */
    async mallory({ name = 'mallory', beats = '0,0', isDeaf = false } = {}): Promise<StompClient> {
      const client = await open()
      client.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': name, 'heart-beat': beats }))
      expect((await client.next()).command).toBe('CONNECTED')
      if (!isDeaf) await client.ask('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors' })
      return client
    },
  })
}

/** Resolves with the first matching frame, already received or yet to come. */
export function waitForFrame(
  { frames }: StompClient,
  isIt: (frame: ServerFrame) => boolean,
): Promise<ServerFrame> {
  const find = () => {
    const found = frames.find(isIt)
    if (!found) throw new Error(`It was not received; these were: ${JSON.stringify(frames.slice(-5))}`)
    return found
  }
  return vi.waitFor(find, { timeout: patienceMs, interval: 5 })
}

export const isError = ({ command }: ServerFrame) => command === 'ERROR'

export const isAbout = (subject: string) => (heard: ServerFrame) =>
  heard.headers['subscription-id'] === subject || heard.headers['receipt-id'] === subject

let asked = 0

/** Sends a SUBSCRIBE or SEND. @returns the error of the errors queue, or `granted` */
export async function ask(
  client: StompClient,
  command: 'SUBSCRIBE' | 'SEND',
  destination: string,
  body = '',
): Promise<string> {
  asked += 1
  const id = `ask-${asked}`
  client.send(frame(command, { ...(command === 'SUBSCRIBE' && { id }), destination, receipt: id }, body))
  const heard = await waitForFrame(client, (each) => isAbout(id)(each) || each.headers.subscription === id)
  return heard.headers.subscription === 'errors' ? JSON.parse(heard.body).error : 'granted'
}
