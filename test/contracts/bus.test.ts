// What every bus must do, and what the one through Redis must do besides.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { v4 as uuid } from 'uuid'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Bus } from '#bus/bus.ts'
import { openMemoryBus } from '#bus/memory.ts'
import { openBus } from '#bus/open.ts'
import { openRedisBus } from '#bus/redis.ts'

const hasRedis = await isListening(6379)
const redisName = `Redis${hasRedis ? '' : ' (skipped: none listens on localhost:6379)'}`

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() }

/** The processes of one installation, each with its bus. */
async function openMemory(): Promise<Bus[]> {
  return [opened(openMemoryBus(log))]
}

async function openRedis(url = 'redis://localhost:6379', channel = uuid()): Promise<Bus[]> {
  const buses = [0, 1, 2].map(() => opened(openRedisBus(url, channel, log)))
  await Promise.all(buses.map(nextGap))
  // Each hears the others, so each can publish.
  await Promise.all(buses.map((bus) => published(bus, buses)))
  return buses
}

describe.each([
  { name: 'in memory', open: openMemory, skip: false, isShared: false },
  { name: `through ${redisName}`, open: openRedis, skip: !hasRedis, isShared: true },
])('a bus $name', ({ open, skip, isShared }) => {
  const test = it.skipIf(skip)

  test('says whether it reaches other processes', async () => {
    for (const bus of await open()) expect(bus.isShared).toBe(isShared)
  })

  test('tells every process every message once, in the order of its publisher', async () => {
    const buses = await open()
    const heard = buses.map(hear)
    const messages = buses.map((_, process) =>
      Array.from({ length: 500 }, (_, at) => `${process}:${at} – ünïcödé 👍 "'\n\0`),
    )
    await Promise.all(buses.flatMap((bus, process) => messages[process]?.map((each) => bus.publish(each))))
    for (const each of heard) {
      await expect.poll(() => each.length).toBe(500 * buses.length)
      for (const [process, sent] of messages.entries()) {
        expect(each.filter((message) => message.startsWith(`${process}:`))).toEqual(sent)
      }
    }
  })

  test('tells an empty message and a large one', async () => {
    const buses = await open()
    const heard = buses.map(hear)
    const [bus] = buses as [Bus]
    const large = 'x'.repeat(3_000_000)
    await bus.publish(large)
    await bus.publish('')
    for (const each of heard) {
      await expect.poll(() => each.length).toBe(2)
      expect(each[0] === large).toBe(true)
      expect(each[1]).toBe('')
    }
  })

  test('calls no listener from within publish', async () => {
    const [bus] = (await open()) as [Bus]
    const heard = hear(bus)
    const handedOver = bus.publish('one')
    expect(heard).toEqual([])
    await handedOver
    await expect.poll(() => heard).toEqual(['one'])
  })

  test('lets listeners publish', async () => {
    const [bus] = (await open()) as [Bus]
    const heard = hear(bus)
    bus.onMessage((message) => {
      if (message.length < 4) void bus.publish(`${message}x`)
    })
    await bus.publish('x')
    await expect.poll(() => heard).toEqual(['x', 'xx', 'xxx', 'xxxx'])
  })

  test('reports what a listener throws, and goes on', async () => {
    const buses = await open()
    const broken = new Error('broken')
    for (const bus of buses) {
      bus.onMessage((message) => {
        if (!message.startsWith('mark:')) throw broken
      })
    }
    const heard = buses.map(hear)
    log.error.mockClear()
    await buses[0]?.publish('one')
    await buses[0]?.publish('two')
    for (const each of heard) await expect.poll(() => each).toEqual(['one', 'two'])
    expect(log.error).toHaveBeenCalledTimes(2 * buses.length)
    expect(log.error).toHaveBeenCalledWith({ err: broken }, expect.any(String))
  })

  test('tells nothing once it is closed, and takes what is still published', async () => {
    const buses = await open()
    const heard = buses.map(hear)
    const [bus, ...others] = buses as [Bus, ...Bus[]]
    await bus.close()
    await bus.close()
    await bus.publish('late')
    for (const other of others) await published(other, others)
    expect(heard.flat()).not.toContain('late')
    expect(heard[0]).toEqual([])
  })
})

describe.skipIf(!hasRedis)(`a bus through ${redisName}`, () => {
  it('keeps installations apart by their channels', async () => {
    const [ours, theirs] = [await openRedis(), await openRedis()]
    const heard = theirs.map(hear)
    await ours[0]?.publish('ours')
    await published(theirs[0] as Bus, theirs)
    expect(heard.flat()).not.toContain('ours')
  })

  it('hands over before it closes', async () => {
    const [bus, other] = (await openRedis()) as [Bus, Bus]
    const heard = hear(other)
    void bus.publish('last')
    await bus.close()
    await expect.poll(() => heard).toEqual(['last'])
  })

  it('connects again when it was cut off, tells of the gap, and messages flow', async () => {
    const { proxy, cutOff, other } = await openBehindProxy()
    expect(cutOff.isConnected()).toBe(true)
    await proxy.stop()
    const gap = nextGap(cutOff)
    await other.publish('missed')
    await proxy.start()
    await gap
    const heard = hear(cutOff)
    await published(other, [other, cutOff])
    await published(cutOff, [other, cutOff])
    expect(heard).not.toContain('missed')
  })

  it('tells its own process while it is cut off, and the others afterwards that they missed something', async () => {
    const { proxy, cutOff, other } = await openBehindProxy()
    await proxy.stop()
    const [here, there] = [hear(cutOff), hear(other)]
    const gap = nextGap(other)
    await cutOff.publish('one')
    await cutOff.publish('two')
    await expect.poll(() => here).toEqual(['one', 'two'])
    await proxy.start()
    await gap
    expect(there).toEqual([])
    await published(cutOff, [other, cutOff])
  })

  it('notices a connection that gives no answer, which nothing closes', async () => {
    const { proxy, cutOff, other } = await openBehindProxy({ answerMs: 200 })
    const gaps = [nextGap(cutOff), nextGap(other)]
    proxy.silence()
    const here = hear(cutOff)
    // What is written keeps such a connection from being idle.
    const timer = setInterval(() => cutOff.publish('again'), 20)
    await expect.poll(() => here).toContain('again')
    await Promise.all(gaps)
    clearInterval(timer)
    await published(cutOff, [other, cutOff])
    await published(other, [other, cutOff])
  })

  it('opens while Redis is down, and finds it when it is up', async () => {
    const proxy = await openProxy()
    await proxy.stop()
    const channel = uuid()
    const bus = opened(openRedisBus(proxy.url, channel, log))
    const other = opened(openRedisBus('redis://localhost:6379', channel, log))
    await nextGap(other)
    const heard = hear(bus)
    await bus.publish('alone')
    await expect.poll(() => heard).toEqual(['alone'])
    const gaps = [nextGap(bus), nextGap(other)]
    await proxy.start()
    await Promise.all(gaps)
    await published(bus, [bus, other])
    await published(other, [bus, other])
  })

  it('closes while Redis is down', async () => {
    const { proxy, cutOff } = await openBehindProxy()
    await proxy.stop()
    await cutOff.publish('lost')
    await cutOff.close()
  })
})

it('the settings choose the bus', async () => {
  expect(opened(await openBus(undefined, 'channel', log)).isShared).toBe(false)
  // Nothing listens there.
  expect(opened(await openBus('redis://127.0.0.1:1', 'channel', log)).isShared).toBe(true)
})

function opened(bus: Bus): Bus {
  closing.push(() => bus.close())
  return bus
}

/** What it is told, besides marks. */
function hear(bus: Bus): string[] {
  const heard: string[] = []
  bus.onMessage((message) => message.startsWith('mark:') || heard.push(message))
  return heard
}

function nextGap(bus: Bus): Promise<void> {
  return new Promise((resolve) => bus.onGap(resolve))
}

/** Publishes until all hear it: a bus may still be connecting. */
async function published(bus: Bus, all: Bus[]): Promise<void> {
  const heard = all.map((each) => {
    const marks: string[] = []
    each.onMessage((message) => marks.push(message))
    return marks
  })
  const mark = `mark:${uuid()}`
  await vi.waitFor(
    async () => {
      await bus.publish(mark)
      for (const each of heard) expect(each).toContain(mark)
    },
    { timeout: 10_000 },
  )
}

async function openBehindProxy({ answerMs = 5_000 } = {}) {
  const proxy = await openProxy()
  const channel = uuid()
  const cutOff = opened(openRedisBus(proxy.url, channel, log, answerMs))
  const other = opened(openRedisBus('redis://localhost:6379', channel, log, answerMs))
  await Promise.all([nextGap(cutOff), nextGap(other)])
  await published(cutOff, [cutOff, other])
  await published(other, [cutOff, other])
  return { proxy, cutOff, other }
}

/** A way to Redis that can be cut, and whose connections can fall silent. */
async function openProxy() {
  const sockets = new Set<Socket>()
  const silent = new Set<Socket>()
  const server = createServer((inner) => {
    const outer = connect(6379, 'localhost')
    for (const [socket, peer] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket)
      socket.on('data', (data) => silent.has(socket) || peer.write(data))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        peer.destroy()
      })
    }
  })
  const start = async (port = 0) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await start()
  const { port } = server.address() as AddressInfo
  closing.push(stop)
  return {
    url: `redis://127.0.0.1:${port}`,
    start: () => start(port),
    stop,
    /** Of the connections there are nothing arrives any more. */
    silence() {
      for (const socket of sockets) silent.add(socket)
    },
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, 'localhost')
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}
