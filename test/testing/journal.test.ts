// What the testing kit tells of a world's journal.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChatterie } from '#testing/index.ts'
import { createUser } from './ask.ts'

let chatterie: Awaited<ReturnType<typeof startChatterie>>
beforeAll(async () => {
  chatterie = await startChatterie()
})
afterAll(() => chatterie?.close())

describe('the journal', () => {
  it('returns the expected entry, past or future', async () => {
    const world = await chatterie.createWorld()
    const coming = world.expect({ kind: 'request', operation: 'createUser', requestBody: { name: 'ann' } })
    await createUser(world, 'ann')
    expect(await coming).toMatchObject({ method: 'POST', path: '/v1/users', status: 200 })
    const first = await world.expect({ kind: 'request' })
    expect(first).toEqual(await coming)
    await createUser(world, 'bob')
    const next = await world.expect({ kind: 'request' }, { after: first })
    expect(next.requestBody).toMatchObject({ name: 'bob' })
    expect(await world.journal({ kind: 'request', after: first })).toEqual([next])
    expect(await world.har()).toMatchObject({ log: { version: '1.2', entries: { length: 2 } } })
    await world.clearJournal()
    expect(await world.journal()).toEqual([])
  })

  it('names the nearest entries where the expected one does not arrive', async () => {
    const world = await chatterie.createWorld()
    const match = { kind: 'request', operation: 'createUser', requestBody: { name: 'jane' } } as const
    await expect(world.expect(match, { timeoutMs: 1 })).rejects.toThrow(
      /^Expected an entry like \{.*"jane"\}\} within 1 ms\.\nNothing of that kind came\.$/,
    )
    await createUser(world, 'joe')
    await expect(world.expect(match, { timeoutMs: 1 })).rejects.toThrow(
      /differs:\n {2}#1 request at .*\n {4}- requestBody\.name is "joe" instead of "jane"\n {4}\{"method"/,
    )
  })

  it('shows the entry that was not expected', async () => {
    const world = await chatterie.createWorld()
    await world.expectNone({ kind: 'request' }, { forMs: 1 })
    await createUser(world, 'joe')
    await expect(
      world.expectNone({ kind: 'request', operation: 'createUser' }, { forMs: 1 }),
    ).rejects.toThrow(/^Expected no entry like .*, and there is\n {2}#1 request at .*\n {4}\{.*"joe"/)
    const [entry] = await world.journal()
    await world.expectNone({ kind: 'request' }, { forMs: 1, ...(entry && { after: entry }) })
  })

  it('may be given the time for which nothing must come under either name', async () => {
    const world = await chatterie.createWorld()
    const since = performance.now()
    await world.expectNone({ kind: 'request' }, { timeoutMs: 1 })
    await world.expectNone({ kind: 'request' }, { forMs: 1, timeoutMs: 60_000 })
    expect(performance.now() - since).toBeLessThan(4_000)
  })

  it('is an object, and waits for a duration', async () => {
    const world = await chatterie.createWorld()
    const nothing = undefined as never
    await expect(world.expect(nothing)).rejects.toThrow(
      'A match is an object, a subset of the entry, and not undefined',
    )
    for (const ms of [-1, Number.NaN, '1'] as number[]) {
      const message = `A wait takes milliseconds from 0 on, and not ${ms}`
      await expect(world.expect({ kind: 'request' }, { timeoutMs: ms })).rejects.toThrow(message)
      await expect(world.expectNone({ kind: 'request' }, { forMs: ms })).rejects.toThrow(message)
    }
  })

  it('names fields that entries have', async () => {
    const world = await chatterie.createWorld()
    const match = { kind: 'request', operaton: 'createUser' } as const
    await expect(world.expectNone(match, { forMs: 1 })).rejects.toThrow(
      'match.operaton: no entry of kind request has such a field; the nearest is operation',
    )
  })

  it('does not pass because the server was stopped', async () => {
    const other = await startChatterie()
    const world = await other.createWorld()
    const failed = expect(world.expectNone({ kind: 'request' })).rejects.toThrow('The server is stopping')
    const journal = await world.journal() // sent after the wait, and answered
    expect(journal).toEqual([])
    await other.close()
    await failed
  })

  it('is matched by JSON only', async () => {
    const world = await chatterie.createWorld()
    const match = { kind: 'request' as const, requestBody: { body: /Hi/ } }
    await expect(world.expect(match)).rejects.toThrow('A match is JSON, and body is /Hi/')
  })
})
