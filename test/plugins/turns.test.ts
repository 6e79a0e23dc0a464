import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Turns } from '#plugins/turns.ts'

it('few tasks run at once, and keys take turns', async () => {
  const turns = new Turns({ runningMax: 2, waitingMax: 100 })
  const order: string[] = []
  let running = 0
  let runningMost = 0
  const work = (key: string) =>
    turns.run(key, async () => {
      running += 1
      runningMost = Math.max(runningMost, running)
      order.push(key)
      await setImmediate()
      running -= 1
    })
  await Promise.all([...Array.from({ length: 20 }, () => work('greedy')), work('modest'), work('other')])
  expect(runningMost).toBe(2)
  expect(order).toHaveLength(22)
  expect(order.indexOf('modest')).toBeLessThan(6)
  expect(order.indexOf('other')).toBeLessThan(6)
})

it('a task that fails lets the next one run', async () => {
  const turns = new Turns({ runningMax: 1, waitingMax: 100 })
  const failing = turns.run('a', async () => {
    throw new Error('no')
  })
  const next = turns.run('a', async () => 'done')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('done')
})

it('the number of waiting tasks of one key is limited', async () => {
  const turns = new Turns({ runningMax: 1, waitingMax: 1 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = turns.run('a', () => promise)
  expect(turns.hasRoom('a')).toBe(true)
  const second = turns.run('a', async () => undefined)
  expect(turns.hasRoom('a')).toBe(false)
  expect(turns.hasRoom('b')).toBe(true)
  resolve()
  await Promise.all([first, second])
  expect(turns.hasRoom('a')).toBe(true)
})
