// Who can read the metrics, and when.
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMetrics } from '../support/metrics.ts'
import { startServer, type TestServer } from '../support/server.ts'

const token = 'a-token-of-the-operator'
let server: TestServer
beforeAll(async () => {
  server = await startServer({ METRICS_TOKEN: token })
})
afterAll(() => server.close())

/** The status of the response to a request with the given headers, including Host. */
function statusOf(headers: Record<string, string>): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  request(`${server.url}/metrics`, { headers }, (answer) => {
    answer.resume()
    resolve(answer.statusCode)
  })
    .on('error', reject)
    .end()
  return promise
}

describe('the metrics can be read by', () => {
  it('a program on this machine', async () => {
    expect(await statusOf({})).toBe(200)
  })

  it('any client with the token, from anywhere', async () => {
    const afar = { 'x-forwarded-for': '203.0.113.7', host: 'chat.example.com' }
    expect(await statusOf({ ...afar, authorization: `Bearer ${token}` })).toBe(200)
  })

  it.each<[who: string, headers: Record<string, string>]>([
    ['a client with another token', { authorization: 'Bearer another-token' }],
    ['a client behind a proxy on this machine', { 'x-forwarded-for': '203.0.113.7' }],
    ['a page that reaches this machine by its own name', { host: 'evil.example' }],
    ['a page of another site', { origin: 'https://evil.example' }],
  ])('not by %s', async (_who, headers) => {
    expect(await statusOf(headers)).toBe(401)
  })

  it('not by programs on this machine, where these may be functions of others', async () => {
    const guarded = await startServer({ METRICS_TOKEN: token, FUNCTION_EGRESS: 'guarded' })
    try {
      expect((await fetch(`${guarded.url}/metrics`)).status).toBe(401)
      await readMetrics(guarded.url, { authorization: `Bearer ${token}` })
    } finally {
      await guarded.close()
    }
  })

  it('nobody else where there is no token', async () => {
    const closed = await startServer()
    try {
      const answer = await fetch(`${closed.url}/metrics`, { headers: { via: '1.1 proxy' } })
      expect(answer.status).toBe(403)
      expect(await answer.text()).toContain('METRICS_TOKEN')
    } finally {
      await closed.close()
    }
  })
})

it('metrics are available while the database does not answer, and say so', async () => {
  const lost = await startServer()
  const client = await lost.ctx.db.pool.connect()
  await client.query('begin; lock table outbox_event in access exclusive mode')
  const meanwhile = await readMetrics(lost.url)
  expect(meanwhile.value('chatterie_database_up')).toBe(0)
  expect(meanwhile.value('chatterie_outbox_events')).toBeUndefined()
  await client.query('rollback')
  client.release()
  await lost.close()
})

it('while all connections are busy, metrics say so, the database is up and the process is ready', async () => {
  const busy = await startServer()
  const { pool } = busy.ctx.db
  const wanted = Array.from({ length: pool.options.max }, () => pool.connect())
  await expect.poll(() => pool.waitingCount).toBeGreaterThan(0)
  const meanwhile = await readMetrics(busy.url)
  expect(meanwhile.value('chatterie_database_up')).toBe(1)
  expect(meanwhile.value('chatterie_pool_connections', { state: 'busy' })).toBe(pool.options.max)
  expect(meanwhile.value('chatterie_pool_waiting')).toBeGreaterThan(0)
  expect((await fetch(`${busy.url}/ready`)).status).toBe(200)
  for (const client of wanted) void client.then((taken) => taken.release())
  await busy.close()
})
