// The clock (testing contract 3), as its routes show and move it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openContext } from '#context.ts'
import { Node } from '#data/events/node.ts'
import { prepareServing } from '#serve.ts'
import { eve, hourMs, keepTokens, type Reading } from '../support/clock.ts'
import { createChannel, sendMessage } from '../support/factories.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi()
  await keepTokens(server)
})
afterAll(() => server.close())
afterEach(() => server.clock.release())

describe('the clock', () => {
  it('shows real time until it is moved, and again when it is released', async () => {
    const isReal = ({ now, ...reading }: Reading) => {
      expect(reading).toEqual({ frozen: false, offsetMs: 0 })
      expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(60_000)
    }
    isReal(await server.clock.read())
    await server.clock.set({ now: eve, frozen: true })
    await server.clock.release()
    isReal(await server.clock.read())
  })

  it('continues from the time that it is set to, the past included', async () => {
    for (const now of [eve, '2030-12-24', '2030-12-24T18:00Z', '2001-02-03T04:05:06+02:00']) {
      const reading = await server.clock.set({ now })
      expect(reading.frozen).toBe(false)
      expect(Date.parse(reading.now)).toBeGreaterThanOrEqual(Date.parse(now))
      expect(reading.offsetMs).toBe((await server.clock.read()).offsetMs)
      expect(Date.parse((await server.clock.read()).now)).toBeLessThan(Date.parse(now) + 60_000)
    }
  })

  it('stands still where it is frozen, and continues from there', async () => {
    expect(await server.clock.set({ now: eve, frozen: true })).toMatchObject({ now: eve, frozen: true })
    const channel = await createChannel(server.main)
    const messages = [await sendMessage(server.main, channel.id), await sendMessage(server.main, channel.id)]
    expect(messages.map(({ createdTime }) => createdTime)).toEqual([eve, eve])
    expect(await server.clock.read()).toMatchObject({ now: eve, frozen: true })
    const { now, frozen } = await server.clock.set({ frozen: false })
    expect(frozen).toBe(false)
    expect(Date.parse(now)).toBeGreaterThanOrEqual(Date.parse(eve))
    expect(Date.parse(now)).toBeLessThan(Date.parse(eve) + 60_000)
  })

  it('advances by the sum of the given durations, frozen or not', async () => {
    expect(await server.clock.advance({ hours: 1, minutes: 30, seconds: 1, ms: 5 })).toMatchObject({
      frozen: false,
      offsetMs: 1.5 * hourMs + 1_005,
    })
    await server.clock.set({ now: eve, frozen: true })
    expect(await server.clock.advance({ days: 1 })).toMatchObject({
      now: '2030-12-25T18:00:00.000Z',
      frozen: true,
    })
    expect(await server.clock.advance({ ms: 0 })).toMatchObject({ now: '2030-12-25T18:00:00.000Z' })
  })

  it('advances for each request, also for concurrent ones', async () => {
    await Promise.all([1, 2, 3].map((hours) => server.clock.advance({ hours })))
    expect((await server.clock.read()).offsetMs).toBe(6 * hourMs)
  })

  it.each([
    ['put', '/clock', { now: 'tomorrow' }, 'now'],
    ['put', '/clock', { now: 5 }, 'now'],
    ['put', '/clock', { now: '1969-12-31' }, 'now'],
    ['put', '/clock', { now: '9999-01-01T00:00:00Z' }, 'now'],
    ['put', '/clock', { frozen: 'yes' }, 'frozen'],
    ['put', '/clock', { time: eve }, 'time'],
    ['post', '/clock/advance', { minutes: -1 }, 'minutes'],
    ['post', '/clock/advance', { days: 40_000 }, 'days'],
    ['post', '/clock/advance', { hours: '1' }, 'hours'],
    ['post', '/clock/advance', { weeks: 1 }, 'weeks'],
    ['post', '/clock/advance', {}, 'ms'],
  ] as const)('refuses to %s %s with %j', async (method, path, body, field) => {
    const { body: problem } = await server.testApi[method](path).send(body).expect(400)
    expect(problem).toMatchObject({ error: 'ClientError', resource: 'clock', field })
    expect((await server.clock.read()).offsetMs).toBe(0)
  })

  it('refuses times with more than four digits of a year', async () => {
    await server.clock.set({ now: '8999-12-31T00:00:00Z' })
    const { body } = await server.testApi.post('/clock/advance').send({ days: 2 }).expect(400)
    expect(body).toMatchObject({ field: 'days' })
  })

  it('applies to all worlds, and to errors', async () => {
    await server.clock.set({ now: eve, frozen: true })
    const world = await server.createWorld()
    expect(world.createdTime).toBe(eve)
    const { body } = await server.as(world).post('/channels').send({ type: 'PUBLIC' }).expect(200)
    expect(body.createdTime).toBe(eve)
    const { body: problem } = await server.as(world).get('/channels/123456').expect(404)
    expect(problem.timestamp).toBe(eve)
  })
})

describe('another process on the same database', () => {
  /** Simulates another server process in this one. */
  async function start({ testApi }: { testApi: boolean }) {
    const { config, log, db } = server.ctx
    const url = String(db.pool.options.connectionString)
    const node = new Node(url, log)
    await node.start()
    const ctx = openContext({ ...config, testApi }, log, url, { node })
    const serving = await prepareServing(ctx)
    await serving.start()
    return {
      ctx,
      async close() {
        await serving.close()
        await ctx.db.close()
        await node.close()
      },
    }
  }

  it('follows the clock, also when it is moved', async () => {
    await server.clock.set({ now: eve, frozen: true })
    const { ctx, close } = await start({ testApi: true })
    expect(ctx.clock.now()).toBe(Date.parse(eve))
    await server.clock.advance({ hours: 1 })
    await ctx.bus.publish({ kind: 'clock moved', node: server.ctx.node.id })
    await expect.poll(() => ctx.clock.now()).toBe(Date.parse(eve) + hourMs)
    await close()
  })

  it('that starts without the test API resets it to real time', async () => {
    await server.clock.set({ now: eve, frozen: true })
    const { ctx, close } = await start({ testApi: false })
    const [[now] = []] = await ctx.db.query({ text: 'select chatterie_clock()' }, [])
    expect(Math.abs(Date.parse(String(now)) - ctx.clock.now())).toBeLessThan(60_000)
    expect(Math.abs(ctx.clock.now() - Date.now())).toBeLessThan(60_000)
    await close()
  })
})
