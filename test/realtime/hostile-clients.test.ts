// Hostile clients are disconnected or slowed down, and other clients are not affected.

import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { channelHypermedia } from '#resources/channel.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { frame } from '../stomp/stomp-client.ts'
import { sendMessage } from '../support/factories.ts'
import { usedMemory } from '../support/memory.ts'
import { patienceMs } from '../support/patience.ts'
import { isAbout, isError, openWorld, waitForFrame } from './hostile.ts'

const world = openWorld()
const { whileOthersChat, expectNothingIsLeft, open, mallory } = world

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
    const begin = performance.now()
    await whileOthersChat(flood())
    const seconds = (performance.now() - begin) / 1_000
    const errors = client.frames.filter(({ headers }) => headers.subscription === 'errors')
    expect(errors).toHaveLength(count)
    const slowed = errors
      .map(({ body }) => JSON.parse(body))
      .filter(({ error }) => error === 'RateLimitedError')
    expect(count - slowed.length).toBeLessThanOrEqual(1_000 + 500 * seconds)
    for (const each of slowed) expect(each).toMatchObject({ coolOffDuration: 'PT1S' })
    client.ws.terminate()
    await expectNothingIsLeft()
  })

  it('of keystrokes are delivered, and delay no other client', async () => {
    const client = await mallory()
    const flood = async () => {
      const keystrokes = frame(
        'SEND',
        { destination: `/application/channels/${world.channel.id}.keystrokes` },
        '{"keys":"x"}',
      )
      for (let at = 0; at < 12; at += 1) {
        client.send(keystrokes.repeat(100))
        await setImmediate()
      }
      await client.ask('ACK', { id: 'x' })
    }
    await whileOthersChat(flood())
    const ofMallory = world.bobHears.onKeystrokesReceived.items.filter(
      ([{ username }]) => username === 'mallory',
    )
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
      await sendMessage(world.server.main, world.channel.id, { body: 'x'.repeat(4_000) })
    }
    const client = await mallory({ name: 'bob' })
    client.ws.pause()
    const flood = async () => {
      const destination = channelHypermedia.relays.messages.at({ id: world.channel.id })
      for (let at = 0; at < 5_000 && world.sockets.size > 2; at += 1) {
        if (client.ws.readyState === client.ws.OPEN)
          client.send(frame('SUBSCRIBE', { id: `r${at}`, destination }))
        await setImmediate()
      }
      await vi.waitFor(() => expect(world.sockets.size).toBe(2), { timeout: patienceMs })
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
  const { body } = await world.server.main.get(`/users?displayName=${name}`).expect(200)
  return body._embedded.users.find((user: { name: string }) => user.name === name).id
}
