import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { trimBatchMax } from '#data/jobs/retention.ts'
import { Sweeper } from '#jobs/sweeper.ts'
import { createUser } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let user: { id: number }
beforeAll(async () => {
  server = await startServer()
  user = await createUser(server.main)
})
afterAll(() => server.close())

const oldSessions = () => server.ctx.db.prisma.userSession.count({ where: { state: 'ENDED' } })

async function endLongAgo(count: number): Promise<void> {
  await server.ctx.db.prisma.userSession.createMany({
    data: Array.from({ length: count }, () => ({
      applicationId: server.main.id,
      userId: user.id,
      key: uuid(),
      state: 'ENDED' as const,
      endTime: new Date(0),
    })),
  })
}

it('removes what is too old, batch after batch and again and again, until it is stopped', async () => {
  const sweeper = new Sweeper(server.ctx, 1)
  await endLongAgo(2 * trimBatchMax + 1)
  sweeper.start()
  await expect.poll(oldSessions).toBe(0)
  await endLongAgo(1)
  await expect.poll(oldSessions).toBe(0)
  await sweeper.stop()
})

it('stops after the current batch of an application that is being deleted, which the next start finishes', async () => {
  const { pool } = server.ctx.db
  const doomed = await server.createApplication()
  await pool.query(
    `insert into "user" (application_id, name, display_name) select $1, 'u' || i, '' from generate_series(1, 2001) i`,
    [doomed.id],
  )
  await pool.query(`update application set closed_time = now() - interval '1 hour' where id = $1`, [
    doomed.id,
  ])
  const left = async () =>
    (await pool.query('select from "user" where application_id = $1', [doomed.id])).rowCount
  const sweeper = new Sweeper(server.ctx, 1)
  const holder = await pool.connect()
  await holder.query('begin')
  await holder.query('select from "user" where application_id = $1 for update', [doomed.id])
  sweeper.start()
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1)
  const stopped = sweeper.stop()
  await holder.query('commit')
  holder.release()
  await stopped
  expect(await left()).toBe(1)
  const next = new Sweeper(server.ctx, 1)
  next.start()
  await expect.poll(left).toBe(0)
  await next.stop()
})

it('continues with the other kinds where one fails', async () => {
  const { db } = server.ctx
  const sweeper = new Sweeper(server.ctx, 1)
  await db.query({ text: 'alter table file rename to lost' }, [])
  try {
    await endLongAgo(1)
    sweeper.start()
    await expect.poll(oldSessions).toBe(0)
  } finally {
    await sweeper.stop()
    await db.query({ text: 'alter table lost rename to file' }, [])
  }
})
