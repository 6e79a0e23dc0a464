import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { expect, test } from 'vitest'
import { Drain } from '#jobs/drain.ts'

const never = 3_600_000

function counting(isAwaited: () => boolean) {
  const counted = { batches: 0, done: 0 }
  let written = 0
  const work = async () => {
    counted.batches += 1
    counted.done = written
    return false
  }
  const drain = new Drain(pino({ level: 'silent' }), never, work, isAwaited)
  return {
    counted,
    drain,
    write() {
      written += 1
      drain.signal()
    },
  }
}

test('work without waiting clients is done in fewer batches, and completely', async () => {
  const awaited = counting(() => true)
  const alone = counting(() => false)
  let writes = 0
  while (awaited.counted.batches < 12) {
    writes += 1
    awaited.write()
    alone.write()
    await sleep(1)
  }
  expect(alone.counted.batches).toBeLessThan(awaited.counted.batches / 2)
  await Promise.all([awaited.drain.look(), alone.drain.look()])
  expect([awaited.counted.done, alone.counted.done]).toEqual([writes, writes])
  await Promise.all([awaited.drain.stop(), alone.drain.stop()])
})

test('batches run at the usual rate once a client waits', async () => {
  let isAwaited = false
  const awaited = counting(() => true)
  const late = counting(() => isAwaited)
  awaited.write()
  late.write()
  isAwaited = true
  while (awaited.counted.batches < 12) {
    awaited.write()
    late.write()
    await sleep(1)
  }
  expect(late.counted.batches).toBeGreaterThan(9)
  await Promise.all([awaited.drain.stop(), late.drain.stop()])
})
