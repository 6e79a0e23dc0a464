import { expect, it } from 'vitest'
import { Turnstile } from '#stomp/turnstile.ts'

it('concurrent arrivals are admitted in their order, and other work runs in between', async () => {
  const turnstile = new Turnstile()
  const seen: (number | 'other')[] = []
  const others = () =>
    setImmediate(() => {
      seen.push('other')
      if (seen.length < 40) others()
    })
  others()
  const everyone = Array.from({ length: 20 }, (_, nth) => nth)
  await Promise.all(
    everyone.map((nth) => new Promise<void>((resolve) => turnstile.pass(() => resolve(void seen.push(nth))))),
  )
  expect(seen.filter((each) => each !== 'other')).toEqual(everyone)
  expect(seen.filter((each) => each === 'other').length).toBeGreaterThan(3)
})

it('a single arrival is admitted at once, and so is the next', async () => {
  const turnstile = new Turnstile()
  for (let nth = 0; nth < 3; nth++) {
    let isIn = false
    turnstile.pass(() => {
      isIn = true
    })
    expect(isIn).toBe(true)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
})
