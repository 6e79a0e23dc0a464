// Postgres notices within 15 s that the host of a process is gone, though nothing closed its connections.
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { Node } from '#data/events/node.ts'
import { tryHoldMove } from '#data/moving/hold.ts'
import { holdWorker } from '#domain/jobs/hold-worker.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
afterEach(() => {
  vi.restoreAllMocks()
})

/** Returns how many seconds a connection lasts without a sign of its client: idle, and while data is on the way. */
async function patienceOf(connection: pg.ClientBase): Promise<[idle: number, sending: number]> {
  const { rows } = await connection.query<{
    idle: number
    interval: number
    count: number
    sending: number
  }>(`
    select current_setting('tcp_keepalives_idle')::int as idle,
      current_setting('tcp_keepalives_interval')::int as interval, current_setting('tcp_keepalives_count')::int as count,
      (select setting from pg_settings where name = 'tcp_user_timeout')::int as sending`)
  const [{ idle, interval, count, sending } = { idle: 0, interval: 0, count: 0, sending: 0 }] = rows
  return [idle + interval * count, sending / 1_000]
}

it('a process is taken for dead 15 s after its host is gone', async () => {
  const connect = vi.spyOn(pg.Client.prototype, 'connect')
  const node = new Node(String(server.ctx.db.pool.options.connectionString), server.ctx.log)
  await node.start()
  const connection = connect.mock.contexts[0] as unknown as pg.Client
  expect(await patienceOf(connection)).toEqual([15, 15])
  await node.close()
})

it('the jobs of a worker, and the lock of a move, are free 15 s after its host is gone', async () => {
  const { pool } = server.ctx.db
  const worker = await pool.connect()
  await holdWorker(worker, 'a worker')
  expect(await patienceOf(worker)).toEqual([15, 15])
  worker.release(true)

  const query = vi.spyOn(pg.Client.prototype, 'query')
  const release = await tryHoldMove(server.ctx.db, server.main.id)
  const at = query.mock.calls.findIndex(([text]) => String(text).includes('pg_try_advisory_lock'))
  expect(await patienceOf(query.mock.contexts[at] as unknown as pg.Client)).toEqual([15, 15])
  await release?.()
})
