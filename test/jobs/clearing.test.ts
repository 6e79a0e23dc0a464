import { afterAll, beforeAll, expect, it } from 'vitest'
import { clearedMin } from '#domain/events/clear-outbox.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

it('taken events are vacuumed before they slow all counters down', async () => {
  const { pool } = server.ctx.db
  const cleared = async () => {
    const { rows } = await pool.query(
      `select vacuum_count::int as count from pg_stat_user_tables where relname = 'outbox_event'`,
    )
    return rows[0].count
  }
  // Autovacuum runs once a minute, and would make this vacuum unnecessary.
  await pool.query('alter table outbox_event set (autovacuum_enabled = false)')
  expect(await cleared()).toBe(0)
  await pool.query(
    `insert into outbox_event (application_id, type, payload)
     select $1, 'user.updated', jsonb_build_object('userId', n) from generate_series(1, $2::int) n`,
    [server.main.id, clearedMin],
  )
  await expect.poll(cleared).toBe(1)
})
