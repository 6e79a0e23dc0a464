import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Grant, grantDays, openGrants } from '#files/grants.ts'

const key = randomBytes(32)
const dayMs = 86_400_000
const start = Date.UTC(2026, 10, 21)
const grant: Grant = { access: 'read', applicationId: 12, userId: 34 }
const at = (time: number, with_ = key) =>
  openGrants(
    async () => with_,
    () => time,
  )

describe('grants', () => {
  it('say whose they are, to every process with the same key', async () => {
    const text = await at(start).give(grant)
    expect(await at(start).check(text, 'read')).toEqual(grant)
  })

  it('hold only what a URL takes as it is', async () => {
    const largest = Number.MAX_SAFE_INTEGER
    const text = await at(start).give({ access: 'write', applicationId: largest, userId: largest })
    expect(text).toMatch(/^[A-Za-z0-9_.-]+$/)
    expect(await at(start).check(text, 'write')).toMatchObject({ applicationId: largest, userId: largest })
  })

  it('outlast the longest session, and no more', async () => {
    const text = await at(start).give(grant)
    expect(await at(start + grantDays * dayMs - 1000).check(text, 'read')).toEqual(grant)
    expect(await at(start + grantDays * dayMs + 1000).check(text, 'read')).toBeUndefined()
  })

  it('grant one access, not the other', async () => {
    expect(await at(start).check(await at(start).give(grant), 'write')).toBeUndefined()
    const write = await at(start).give({ ...grant, access: 'write' })
    expect(await at(start).check(write, 'read')).toBeUndefined()
    expect(await at(start).check(write, 'write')).toBeDefined()
  })

  it('cannot be made or changed by others', async () => {
    const text = await at(start).give(grant)
    expect(await at(start, randomBytes(32)).check(text, 'read')).toBeUndefined()
    for (const forged of [
      text.replace('.12.', '.13.'),
      text.replace('.34.', '.35.'),
      text.replace(/\.(\d{10})\./, (_, expiry) => `.${Number(expiry) + 1}.`),
      text.slice(0, -2),
      `${text}A`,
      text.replace(/\.[^.]*$/, () => `.${'A'.repeat(43)}`),
      '',
      '....',
      'r.12.34',
      'null',
      'x'.repeat(10_000),
    ]) {
      expect(await at(start).check(forged, 'read'), forged).toBeUndefined()
    }
  })
})
