// Hostile clients. Each gets a clear error or is disconnected, and other clients are not affected.
import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Channel } from '@chatkitty/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { channelHypermedia } from '#resources/channel.ts'
import { messageHypermedia } from '#resources/message.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { type Chat, connect, type Device, disconnect, done, startChat } from '../conformance/realtime.ts'
import { frame, type ServerFrame, StompClient } from '../stomp/stomp-client.ts'
import { sendMessage } from '../support/factories.ts'
import { usedMemory } from '../support/memory.ts'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

const limits = {
  tickMs: 50,
  connectMs: 2_000,
  heartBeatMs: 200,
  subscriptionsMax: 200,
  bufferedBytesMax: 256 * 1024,
}

let server: TestServer
let alice: Device
let bob: Device
let bobHears: Chat
let channel: Channel
/** Open sockets of clients. */
const sockets = new Set<object>()

beforeAll(async () => {
  server = await startServer({}, limits)
  server.app.server.on('upgrade', (_, socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  ;[alice, bob] = await Promise.all([
    connect(server, server.main, 'alice'),
    connect(server, server.main, 'bob'),
  ])
  const members = [{ username: 'bob' }, { username: 'mallory' }]
  channel = (await done(alice.client.createChannel({ type: 'PRIVATE', name: 'ours', members }))).channel
  const { channel: seen } = await done(bob.client.retrieveChannel(channel.id))
  bobHears = await startChat(bob, seen)
  await chat()
})
afterAll(async () => {
  await disconnect(alice, bob)
  await server.close()
})

let said = 0

/** Sends a message from alice to bob; its confirmation and its delivery may take a second each. */
async function chat(): Promise<void> {
  said += 1
  const body = `Hello ${said}`
  await done(alice.client.sendMessage({ channel, body }))
  await bobHears.onMessageReceived.next((message) => message.body === body)
}

/** Lets alice and bob chat until the mischief is over, and once more afterwards. */
async function whileOthersChat<T>(mischief: Promise<T>): Promise<T> {
  let isOver = false
  const over = mischief.finally(() => {
    isOver = true
  })
  over.catch(() => undefined) // awaited below
  do await chat()
  while (!isOver)
  await chat()
  return over
}

/** Resolves when only the sockets of alice and bob are left. */
async function expectNothingIsLeft(): Promise<void> {
  await expect.poll(() => sockets.size).toBe(2) // of alice and bob
}

const open = ({ apiKey }: Pick<TestApplication, 'apiKey'> = server.main) =>
  StompClient.open(Number(new URL(server.url).port), `/rtm/websocket?api-key=${encodeURIComponent(apiKey)}`)

/** Resolves with the first matching frame, already received or yet to come. */
function waitForFrame({ frames }: StompClient, isIt: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
  const find = () => {
    const found = frames.find(isIt)
    if (!found) throw new Error(`It was not heard; was: ${JSON.stringify(frames.slice(-5))}`)
    return found
  }
  return vi.waitFor(find, { timeout: patienceMs, interval: 5 })
}

const isError = ({ command }: ServerFrame) => command === 'ERROR'

/** Connects a user who follows the protocol so far; without the errors queue if `isDeaf`. */
async function mallory({ name = 'mallory', beats = '0,0', isDeaf = false } = {}): Promise<StompClient> {
  const client = await open()
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': name, 'heart-beat': beats }))
  expect((await client.next()).command).toBe('CONNECTED')
  if (!isDeaf) await client.ask('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors' })
  return client
}

const isAbout = (subject: string) => (heard: ServerFrame) =>
  heard.headers['subscription-id'] === subject || heard.headers['receipt-id'] === subject

let asked = 0

/** Sends a SUBSCRIBE or SEND. @returns the error of the errors queue, or `granted` */
async function ask(client: StompClient, command: 'SUBSCRIBE' | 'SEND', destination: string, body = '') {
  asked += 1
  const id = `ask-${asked}`
  client.send(frame(command, { ...(command === 'SUBSCRIBE' && { id }), destination, receipt: id }, body))
  const heard = await waitForFrame(client, (each) => isAbout(id)(each) || each.headers.subscription === id)
  return heard.headers.subscription === 'errors' ? JSON.parse(heard.body).error : 'granted'
}

describe('invalid STOMP', () => {
  it('is refused, whatever it is, before and after CONNECT', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'SEND\n',
        'SUBSCRIBE\n',
        'CONNECT\n',
        'id:1\n',
        'destination:/a\n',
        '\n',
        '\0',
        'receipt:r\n',
      ),
      fc.constantFrom('content-length:9\n', 'a:\\q\n', 'accept-version:1.2\n', 'heart-beat:,\n', 'ack:x\n'),
      fc.string({ unit: 'binary' }),
    )
    const pieces = fc.sample(fc.array(line, { minLength: 1, maxLength: 12 }), 150)
    const attack = async (text: string, at: number) => {
      const client = at % 2 === 0 ? await open() : await mallory()
      client.send(at % 3 === 0 ? text : Buffer.from(text))
      client.send(randomBytes(at))
      client.send('\0\n\0') // not a command, whatever the bytes before it were
      await client.closed
      const last = client.frames.at(-1)
      expect([last?.command, text]).toEqual(['ERROR', text])
      expect(JSON.parse(last?.body ?? '')).toMatchObject({
        error: expect.any(String),
        message: expect.any(String),
      })
    }
    const all = async () => {
      for (const [at, each] of pieces.entries()) await attack(each.join(''), at)
    }
    await whileOthersChat(all())
    await expectNothingIsLeft()
  })

  it.each([
    ['a head that never ends', 'SEND\n', 'a:b\n'],
    ['a line that never ends', 'SEND\na:', 'x'],
    ['a body that never ends', 'SEND\ndestination:/a\n\n', 'x'],
    ['a body that ends too late', 'SEND\ndestination:/a\ncontent-length:99999999\n\n', 'x'],
  ])('closes the connection: %s', async (_what, start, more) => {
    const client = await mallory()
    client.send(start)
    const flood = async () => {
      const chunk = more.repeat(50_000)
      while (client.ws.readyState !== client.ws.CLOSED) {
        if (client.ws.readyState === client.ws.OPEN && client.ws.bufferedAmount < 1_000_000)
          client.send(chunk)
        await setImmediate()
      }
    }
    await whileOthersChat(flood())
    expect((await waitForFrame(client, isError)).headers.message).toBe('ProtocolError')
    await expectNothingIsLeft()
  })

  it('closes the connection as soon as one message is larger than any frame may be', async () => {
    const client = await mallory()
    client.send(Buffer.alloc(50_000_000))
    await whileOthersChat(client.closed)
    await expectNothingIsLeft()
  })
})

describe('floods', () => {
  it('of a million frames let other clients be served, and leave no memory behind', async () => {
    const used = () => {
      const { heapUsed, external } = usedMemory()
      return (heapUsed + external) / 1024 / 1024
    }
    const client = await mallory()
    const many = Buffer.from(frame('ACK', { id: 'unknown-1' }).repeat(1_000))
    const flood = async () => {
      for (let sent = 0; sent < 1_000; sent += 1) {
        client.send(many)
        while (client.ws.bufferedAmount > 1_000_000) await setImmediate()
      }
      await client.ask('ACK', { id: 'last' })
    }
    const before = used()
    await whileOthersChat(flood())
    expect(used() - before).toBeLessThan(50)
    client.ws.terminate()
    await expectNothingIsLeft()
  })

  it('of actions are slowed down, each with an error that says for how long', async () => {
    const client = await mallory()
    const count = 3_000
    const flood = async () => {
      for (let at = 0; at < count; at += 1) {
        const headers = { destination: '/application/user.update', receipt: `f${at}` }
        client.send(frame('SEND', headers, '{"displayName":1}'))
        if (at % 100 === 0) await setImmediate()
      }
      return waitForFrame(client, isAbout(`f${count - 1}`))
    }
    await whileOthersChat(flood())
    const errors = client.frames.filter(({ headers }) => headers.subscription === 'errors')
    expect(errors).toHaveLength(count)
    const slowed = errors
      .map(({ body }) => JSON.parse(body))
      .filter(({ error }) => error === 'RateLimitedError')
    expect(slowed.length).toBeGreaterThan(500)
    expect(slowed[0]).toMatchObject({ coolOffDuration: 'PT1S' })
    client.ws.terminate()
    await expectNothingIsLeft()
  })

  it('of keystrokes are delivered, and delay no other client', async () => {
    const client = await mallory()
    const flood = async () => {
      const keystrokes = frame(
        'SEND',
        { destination: `/application/channels/${channel.id}.keystrokes` },
        '{"keys":"x"}',
      )
      for (let at = 0; at < 12; at += 1) {
        client.send(keystrokes.repeat(100))
        await setImmediate()
      }
      await client.ask('ACK', { id: 'x' })
    }
    await whileOthersChat(flood())
    const ofMallory = bobHears.onKeystrokesReceived.items.filter(([{ username }]) => username === 'mallory')
    expect(ofMallory.length).toBeGreaterThan(400)
    client.ws.terminate()
    await expectNothingIsLeft()
  })

  it('of subscriptions are limited', async () => {
    const client = await mallory()
    const flood = async () => {
      const destination = currentUserHypermedia.topics.messages.at({ id: await idOf('mallory') })
      for (let at = 0; at < 1_000_000 && client.ws.readyState !== client.ws.CLOSED; at += 1) {
        client.send(frame('SUBSCRIBE', { id: `${at}`, destination }))
        if (at % 100 === 0) await setImmediate()
        if (client.ws.readyState !== client.ws.OPEN) break
      }
      return waitForFrame(client, isError)
    }
    const { body } = await whileOthersChat(flood())
    expect(JSON.parse(body).message).toBe('A connection has at most 200 subscriptions')
    await client.closed
    await expectNothingIsLeft()
  })

  it('of connections that send nothing are closed', async () => {
    const clients = await whileOthersChat(Promise.all(Array.from({ length: 200 }, () => open())))
    await whileOthersChat(Promise.all(clients.map(({ closed }) => closed)))
    for (const { frames } of clients) {
      expect(frames).toMatchObject([{ command: 'ERROR', headers: { message: 'ProtocolError' } }])
    }
    await expectNothingIsLeft()
  })
})

describe('a client that does not read', () => {
  it('is disconnected, while others receive at once', async () => {
    for (let at = 0; at < 30; at += 1) {
      await sendMessage(server.main, channel.id, { body: 'x'.repeat(4_000) })
    }
    const client = await mallory({ name: 'bob' })
    client.ws.pause()
    const flood = async () => {
      const destination = channelHypermedia.relays.messages.at({ id: channel.id })
      for (let at = 0; at < 5_000 && sockets.size > 2; at += 1) {
        if (client.ws.readyState === client.ws.OPEN)
          client.send(frame('SUBSCRIBE', { id: `r${at}`, destination }))
        await setImmediate()
      }
      await vi.waitFor(() => expect(sockets.size).toBe(2), { timeout: patienceMs })
    }
    await whileOthersChat(flood())
    client.ws.terminate()
  })
})

describe('a client that falls silent', () => {
  it('though it promised heart-beats is disconnected, like one whose connection broke', async () => {
    const silent = await mallory({ beats: '100,0' })
    const alive = await mallory({ beats: '100,0' })
    const beating = setInterval(() => alive.send('\n'), 100)
    expect(await silent.closed).toBe(1006)
    await alive.ask('ACK', { id: 'x' })
    clearInterval(beating)
    alive.ws.terminate()
    await expectNothingIsLeft()
  })
})

async function idOf(name: string): Promise<number> {
  const { body } = await server.main.get(`/users?displayName=${name}`).expect(200)
  return body._embedded.users.find((user: { name: string }) => user.name === name).id
}

/** A body with the fields of all actions. */
const anyBody = JSON.stringify({
  type: 'TEXT',
  body: 'x',
  keys: 'x',
  name: 'x',
  emoji: 'thumbs_up',
  user: { id: 1, username: 'alice' },
  member: { id: 1 },
  muted: true,
})

// test/security tests the permissions of each destination.
describe('data of other users', () => {
  it('cannot be reached under any other name', async () => {
    const client = await mallory()
    const id = channel.id
    const names = [
      `/topic/channels/${id}.messages/../x`,
      `/topic/channels/0${id}.nothing`,
      `/topic/channels/${id}.__proto__`,
      `/topic/channels/${id}.constructor`,
      `/topic/users/-1.messages`,
      `/topic/users/${'9'.repeat(400)}.messages`,
      '/topic/',
      '/user/queue/others',
      '/application/',
      '/application/user.__proto__.relay',
      '/application/channels/1e3.relay',
      `/application/channels/${id}%00.relay`,
      `/application/${'a'.repeat(10_000)}.relay`,
      '',
    ]
    for (const name of names.filter(Boolean)) {
      expect([name, await ask(client, 'SUBSCRIBE', name)]).toEqual([name, 'ResourceNotFoundError'])
      expect([name, await ask(client, 'SEND', name, anyBody)]).toEqual([name, 'ResourceNotFoundError'])
    }
    client.ws.terminate()
  })

  it.each([
    ['no key', ''],
    ['an unknown key', 'nobody'],
    ['a key with a NUL', 'a\0b'],
  ])('cannot be reached with %s, and the error tells the client not to reconnect', async (_what, apiKey) => {
    const client = await open({ apiKey })
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': 'mallory' }))
    const { command, body } = await client.next()
    expect([command, JSON.parse(body).error]).toEqual(['ERROR', 'AccessDeniedError'])
    await client.closed
  })
})

it.each(['', 'undefined', 'null'])('the username "%s" belongs to no user, and is refused', async (name) => {
  const client = await open()
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': name }))
  const { command, body } = await client.next()
  expect([command, JSON.parse(body).error]).toEqual(['ERROR', 'AccessDeniedError'])
  await client.closed
})

describe('null in the body of an action', () => {
  const nothing = { groupTag: null, properties: null }
  it('counts as absent where the field is optional, and is refused where it is required', async () => {
    const client = await mallory({ name: 'bob' })
    const message = channelHypermedia.actions.message.at({ id: channel.id })
    const { createChannel } = currentUserHypermedia.actions
    const write = (body: object) => ask(client, 'SEND', message, JSON.stringify({ type: 'TEXT', ...body }))
    expect(await write({ body: 'x', ...nothing })).toBe('granted')
    expect(await write({ body: null })).toBe('ValidationError')
    const open = {
      type: 'PUBLIC',
      name: 'nulls',
      displayName: null,
      members: null,
      creator: null,
      ...nothing,
    }
    expect(await ask(client, 'SEND', createChannel.at({}), JSON.stringify(open))).toBe('granted')
    client.ws.terminate()
  })
})

describe('bodies', () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  it.each([
    ['no JSON', 'hello'],
    ['half of it', '{"type":"TEXT"'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['text', '"TEXT"'],
    ['a wrong type', '{"type":"NOISE","body":"x"}'],
    ['a wrong field', '{"type":"TEXT","body":{"a":1}}'],
    ['a body that is missing', '{"type":"TEXT"}'],
    ['a NUL in it', '{"type":"TEXT","body":"a\\u0000b"}'],
    ['a prototype', '{"__proto__":{"type":"TEXT","body":"x"}}'],
    ['a great depth', deep],
    ['a great depth of properties', `{"type":"TEXT","body":"x","properties":{"a":${deep}}}`],
    ['a megabyte of text', `{"type":"TEXT","body":"${'x'.repeat(1_000_000)}"}`],
  ])('with %s are refused, and the connection stays open', async (_what, body) => {
    const client = await mallory({ name: 'bob' })
    const { message } = channelHypermedia.actions
    expect(await ask(client, 'SEND', message.at({ id: channel.id }), body)).toBe('ValidationError')
    expect(await ask(client, 'SUBSCRIBE', channelHypermedia.relays.self.at({ id: channel.id }))).toBe(
      'granted',
    )
    client.ws.terminate()
  })

  it('that are not UTF-8 are refused', async () => {
    const client = await mallory({ name: 'bob' })
    const destination = channelHypermedia.actions.message.at({ id: channel.id })
    client.send(
      Buffer.concat([
        Buffer.from(`SEND\ndestination:${destination}\nreceipt:r\n\n{"type":"TEXT","body":"`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}\0'),
      ]),
    )
    expect(JSON.parse((await waitForFrame(client, isAbout('r'))).body).error).toBe('ValidationError')
    client.ws.terminate()
  })

  it('that change a file are refused with the message of the schema library, which names the field', async () => {
    const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 3 }
    const { id } = await sendMessage(server.main, channel.id, {
      type: 'FILE',
      body: undefined,
      file,
      user: { username: 'mallory' },
    })
    const client = await mallory()
    client.send(
      frame('SEND', { destination: messageHypermedia.actions.edit.at({ id }), receipt: 'r' }, '{"body":"x"}'),
    )
    const message = 'A file message has no body'
    expect(JSON.parse((await waitForFrame(client, isAbout('r'))).body)).toEqual({
      error: 'ValidationError',
      message,
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      errors: [{ resource: 'message', field: 'body', code: 'invalid', message }],
    })
    client.ws.terminate()
  })

  it('fail the connection of a client that does not subscribe to errors, with the same message', async () => {
    const client = await mallory({ isDeaf: true })
    client.send(frame('SEND', { destination: '/application/user.update', receipt: 'r' }, 'hello'))
    const { body } = await waitForFrame(client, isError)
    expect(JSON.parse(body)).toEqual({
      error: 'ValidationError',
      message: 'The body must be JSON in UTF-8',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    await client.closed
    await expectNothingIsLeft()
  })
})
