// The contract of every bus, and the additional requirements of the Redis bus.

import { createClient } from '@redis/client'
import { v4 as uuid } from 'uuid'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Bus } from '#bus/bus.ts'
import { openMemoryBus } from '#bus/memory.ts'
import { openBus } from '#bus/open.ts'
import { openRedisBus } from '#bus/redis.ts'
import type { Signal } from '#resources/signals.ts'
import { hasRedis, redis } from '../conformance/redis.ts'
import { patienceMs } from '../support/patience.ts'
import { openRedisProxy } from './redis-proxy.ts'

const isThere = await hasRedis()
const redisName = `Redis${isThere ? '' : ` (skipped: none listens on ${redis.host}:${redis.port})`}`

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() }

/** The buses of one installation, one for each server process. */
async function openMemory(): Promise<Bus[]> {
  return [opened(openMemoryBus(log))]
}

async function openRedis(url = redis.url, channel = uuid()): Promise<Bus[]> {
  const buses = [0, 1, 2].map(() => opened(openRedisBus(url, channel, log)))
  await Promise.all(buses.map(nextGap))
  // Each bus receives the signals of the others, so each can publish.
  await Promise.all(buses.map((bus) => published(bus, buses)))
  return buses
}

describe.each([
  { name: 'in memory', open: openMemory, skip: false, isShared: false },
  { name: `through ${redisName}`, open: openRedis, skip: !isThere, isShared: true },
])('a bus $name', ({ open, skip, isShared }) => {
  const test = it.skipIf(skip)

  test('says whether it reaches other processes', async () => {
    for (const bus of await open()) expect(bus.isShared).toBe(isShared)
  })

  test('delivers every signal to every process once, in the order of its publisher', async () => {
    const buses = await open()
    const heard = buses.map(hear)
    const texts = buses.map((_, process) =>
      Array.from({ length: 500 }, (_, at) => `${process}:${at} – ünïcödé 👍 "'\n\0`),
    )
    await Promise.all(buses.flatMap((bus, process) => texts[process]?.map((each) => publish(bus, each))))
    for (const each of heard) {
      await expect.poll(() => each.length).toBe(500 * buses.length)
      for (const [process, sent] of texts.entries()) {
        expect(each.filter((text) => text.startsWith(`${process}:`))).toEqual(sent)
      }
    }
  })

  test('carries an empty and a large payload', async () => {
    const buses = await open()
    const heard = buses.map(hear)
    const [bus] = buses as [Bus]
    const large = 'x'.repeat(3_000_000)
    await publish(bus, large)
    await publish(bus, '')
    for (const each of heard) {
      await expect.poll(() => each.length).toBe(2)
      expect(each[0] === large).toBe(true)
      expect(each[1]).toBe('')
    }
  })

  test('calls no listener from within publish', async () => {
    const [bus] = (await open()) as [Bus]
    const heard = hear(bus)
    const handedOver = publish(bus, 'one')
    expect(heard).toEqual([])
    await handedOver
    await expect.poll(() => heard).toEqual(['one'])
  })

  test('lets listeners publish', async () => {
    const [bus] = (await open()) as [Bus]
    const heard = hear(bus)
    bus.onSignal((signal) => {
      const text = textOf(signal)
      if (text.length < 4) void publish(bus, `${text}x`)
    })
    await publish(bus, 'x')
    await expect.poll(() => heard).toEqual(['x', 'xx', 'xxx', 'xxxx'])
  })

  test('reports what a listener throws, and continues', async () => {
    const buses = await open()
    const broken = new Error('broken')
    for (const bus of buses) {
      bus.onSignal((signal) => {
        if (!textOf(signal).startsWith('mark:')) throw broken
      })
    }
    const heard = buses.map(hear)
    log.error.mockClear()
    await publish(buses[0], 'one')
    await publish(buses[0], 'two')
    for (const each of heard) await expect.poll(() => each).toEqual(['one', 'two'])
    expect(log.error).toHaveBeenCalledTimes(2 * buses.length)
    expect(log.error).toHaveBeenCalledWith({ err: broken }, expect.any(String))
  })

  test('delivers nothing once it is closed, and accepts what is still published', async () => {
    const buses = await open()
    const heard = buses.map(hear)
    const [bus, ...others] = buses as [Bus, ...Bus[]]
    await bus.close()
    await bus.close()
    await publish(bus, 'late')
    for (const other of others) await published(other, others)
    expect(heard.flat()).not.toContain('late')
    expect(heard[0]).toEqual([])
  })
})

it('signals of other processes are ignored where their kind is unknown, and reported where they are malformed', async () => {
  const bus = openMemoryBus(log)
  opened(bus)
  const heard = hear(bus)
  const unreadable: number[] = []
  bus.onUnreadable((characters) => unreadable.push(characters))
  for (const text of [
    '{"kind":"of another version","key":7}',
    'no JSON',
    '{"kind":"session claimed","key":7}',
  ]) {
    bus.receive(text)
  }
  bus.receive(JSON.stringify({ kind: 'session claimed', key: 'known', more: 'from a newer version' }))
  await expect.poll(() => heard).toEqual(['known'])
  expect(unreadable).toEqual([7, 34])
})

describe.skipIf(!isThere)(`a bus through ${redisName}`, () => {
  it('separates installations by their channels', async () => {
    const [ours, theirs] = [await openRedis(), await openRedis()]
    const heard = theirs.map(hear)
    await publish(ours[0], 'ours')
    await published(theirs[0] as Bus, theirs)
    expect(heard.flat()).not.toContain('ours')
  })

  it('publishes what is pending before it closes', async () => {
    const [bus, other] = (await openRedis()) as [Bus, Bus]
    const heard = hear(other)
    void publish(bus, 'last')
    await bus.close()
    await expect.poll(() => heard).toEqual(['last'])
  })

  it('reconnects after the connection was cut, reports the gap, and delivers signals again', async () => {
    const { proxy, cutOff, other } = await openBehindProxy()
    expect(cutOff.isConnected()).toBe(true)
    await proxy.stop()
    const gap = nextGap(cutOff)
    await publish(other, 'missed')
    await proxy.start()
    await gap
    const heard = hear(cutOff)
    await published(other, [other, cutOff])
    await published(cutOff, [other, cutOff])
    expect(heard).not.toContain('missed')
  })

  it('delivers to its own process while it is cut off, and reports a gap to the others afterwards', async () => {
    const { proxy, cutOff, other } = await openBehindProxy()
    await proxy.stop()
    const [here, there] = [hear(cutOff), hear(other)]
    const gap = nextGap(other)
    await publish(cutOff, 'one')
    await publish(cutOff, 'two')
    await expect.poll(() => here).toEqual(['one', 'two'])
    await proxy.start()
    await gap
    expect(there).toEqual([])
    await published(cutOff, [other, cutOff])
  })

  it('detects a connection that gives no answer and is not closed', async () => {
    const { proxy, cutOff, other } = await openBehindProxy({ answerMs: 200 })
    const gaps = [nextGap(cutOff), nextGap(other)]
    proxy.silence()
    const here = hear(cutOff)
    // Writing to the connection prevents it from being idle.
    const timer = setInterval(() => publish(cutOff, 'again'), 20)
    await expect.poll(() => here).toContain('again')
    await Promise.all(gaps)
    clearInterval(timer)
    await published(cutOff, [other, cutOff])
    await published(other, [other, cutOff])
  })

  it('opens while Redis is down, and connects when it is up', async () => {
    const proxy = await openRedisProxy(closing)
    await proxy.stop()
    const channel = uuid()
    const bus = opened(openRedisBus(proxy.url, channel, log))
    const other = opened(openRedisBus(redis.url, channel, log))
    await nextGap(other)
    const heard = hear(bus)
    await publish(bus, 'alone')
    await expect.poll(() => heard).toEqual(['alone'])
    const gaps = [nextGap(bus), nextGap(other)]
    await proxy.start()
    await Promise.all(gaps)
    await published(bus, [bus, other])
    await published(other, [bus, other])
  })

  it('is not connected while Redis does not let it publish, and says why', async () => {
    const admin = createClient({ url: redis.url })
    await admin.connect()
    const [user, channel] = [uuid(), uuid()]
    closing.push(async () => {
      await admin.sendCommand(['ACL', 'DELUSER', user])
      admin.destroy()
    })
    await admin.sendCommand(['ACL', 'SETUSER', user, 'on', '>secret', '&*', '+@all', '-publish'])
    const bus = opened(openRedisBus(`redis://${user}:secret@${redis.host}:${redis.port}`, channel, log))
    await expect.poll(() => bus.refusal()).toMatch(/NOPERM.*publish/)
    expect(bus.isConnected()).toBe(false)
    await admin.sendCommand(['ACL', 'SETUSER', user, '+publish'])
    await expect.poll(() => bus.isConnected()).toBe(true)
    expect(bus.refusal()).toBeUndefined()
  })

  it('closes while Redis is down', async () => {
    const { proxy, cutOff } = await openBehindProxy()
    await proxy.stop()
    await publish(cutOff, 'lost')
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

/** Publishes a signal that contains the text. */
function publish(bus: Bus | undefined, text: string): Promise<void> | undefined {
  return bus?.publish({ kind: 'session claimed', key: text })
}

function textOf(signal: Signal): string {
  return 'key' in signal ? signal.key : signal.kind
}

/** Collects the texts that the bus delivers, except marks. */
function hear(bus: Bus): string[] {
  const heard: string[] = []
  bus.onSignal((signal) => {
    const text = textOf(signal)
    if (!text.startsWith('mark:')) heard.push(text)
  })
  return heard
}

function nextGap(bus: Bus): Promise<void> {
  return new Promise((resolve) => bus.onGap(resolve))
}

/** Publishes a mark until all buses have received it, as a bus may still be connecting. */
async function published(bus: Bus, all: Bus[]): Promise<void> {
  const heard = all.map((each) => {
    const marks: string[] = []
    each.onSignal((signal) => marks.push(textOf(signal)))
    return marks
  })
  const mark = `mark:${uuid()}`
  await vi.waitFor(
    async () => {
      await publish(bus, mark)
      for (const each of heard) expect(each).toContain(mark)
    },
    { timeout: patienceMs },
  )
}

async function openBehindProxy({ answerMs = 5_000 } = {}) {
  const proxy = await openRedisProxy(closing)
  const channel = uuid()
  const cutOff = opened(openRedisBus(proxy.url, channel, log, answerMs))
  const other = opened(openRedisBus(redis.url, channel, log, answerMs))
  await Promise.all([nextGap(cutOff), nextGap(other)])
  await published(cutOff, [cutOff, other])
  await published(other, [cutOff, other])
  return { proxy, cutOff, other }
}
