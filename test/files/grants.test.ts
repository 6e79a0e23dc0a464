import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Grant, grantDaysMax, grantHours, openGrants } from '#files/grants.ts'

const key = randomBytes(32)
const hoursMs = grantHours * 3_600_000
const daysMs = grantDaysMax * 86_400_000
const start = Date.UTC(2026, 10, 21)
const grant: Grant = { access: 'read', applicationId: 12, userId: 34 }
const at = (time: number, ...keys: Uint8Array[]) =>
  openGrants(async () => (keys.length > 0 ? keys : [key]), { now: () => time })

describe('grants', () => {
  it('identify their user to every process with the same key', async () => {
    const text = await at(start).give(grant)
    expect(await at(start).check(text, 'read')).toEqual(grant)
  })

  it('stay valid while the key that signed them is rotated, as long as it is in the key ring', async () => {
    const next = randomBytes(32)
    const old = await at(start).give(grant)
    expect(await at(start, next, key).check(old, 'read')).toEqual(grant)
    expect(await at(start, next).check(old, 'read')).toBeUndefined()
    const fresh = await at(start, next, key).give(grant)
    expect(await at(start, next).check(fresh, 'read')).toEqual(grant)
  })

  it('contain only characters that need no encoding in a URL', async () => {
    const largest = Number.MAX_SAFE_INTEGER
    const text = await at(start).give({ access: 'write', applicationId: largest, userId: largest })
    expect(text).toMatch(/^[A-Za-z0-9_.-]+$/)
    expect(await at(start).check(text, 'write')).toMatchObject({ applicationId: largest, userId: largest })
  })

  it('are valid for hours, and after that only while their user stays connected', async () => {
    const text = await at(start).give(grant)
    expect(await at(start + hoursMs - 1000).check(text, 'read')).toEqual(grant)
    const later = at(start + hoursMs + 1000)
    expect(await later.check(text, 'read')).toBeUndefined()
    expect(await later.check(text, 'read', async () => false)).toBeUndefined()
    const asked: unknown[] = []
    const isOn = async (...of: unknown[]) => asked.push(of) > 0
    expect(await later.check(text, 'read', isOn)).toEqual(grant)
    expect(asked).toEqual([[grant, new Date(start + 60_000)]])
  })

  it('expire at last, however long their user stays connected', async () => {
    const text = await at(start).give(grant)
    const isOn = async () => true
    expect(await at(start + daysMs - 1000).check(text, 'read', isOn)).toEqual(grant)
    expect(await at(start + daysMs + 1000).check(text, 'read', isOn)).toBeUndefined()
  })

  it('from the future are refused', async () => {
    const text = await at(start + 30 * 86_400_000).give(grant)
    expect(await at(start).check(text, 'read', async () => true)).toBeUndefined()
  })

  it('are for either read or write access, not for both', async () => {
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
