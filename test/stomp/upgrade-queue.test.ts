import { expect, it } from 'vitest'
import { UpgradeQueue } from '#stomp/upgrade-queue.ts'

it('concurrent arrivals are admitted in their order, and other work runs in between', async () => {
  const upgrades = new UpgradeQueue()
  const seen: (number | 'other')[] = []
  const others = () =>
    setImmediate(() => {
      seen.push('other')
      if (seen.length < 40) others()
    })
  others()
  const everyone = Array.from({ length: 20 }, (_, nth) => nth)
  await Promise.all(
    everyone.map((nth) => new Promise<void>((resolve) => upgrades.pass(() => resolve(void seen.push(nth))))),
  )
  expect(seen.filter((each) => each !== 'other')).toEqual(everyone)
  expect(seen.filter((each) => each === 'other').length).toBeGreaterThan(3)
})

it('a single arrival is admitted at once, and so is the next', async () => {
  const upgrades = new UpgradeQueue()
  for (let nth = 0; nth < 3; nth++) {
    let isIn = false
    upgrades.pass(() => {
      isIn = true
    })
    expect(isIn).toBe(true)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
})
