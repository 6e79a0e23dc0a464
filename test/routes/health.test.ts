// Endpoints for load balancers and orchestrators.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, inject, it } from 'vitest'
import { hasRedis, redis } from '../conformance/redis.ts'
import { startServerProcess } from '../support/process.ts'
import { cloneDatabase, startServer, type TestServer } from '../support/server.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const statusOf = async (path: string) => (await fetch(`${server?.url}${path}`)).status

it('a process that lost its database is alive, and not ready until the database is back', async () => {
  server = await startServer()
  expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 200])
  const [row] = await server.ctx.db.query({ text: 'select current_database()' }, [])
  const name = String(row?.[0])
  const elsewhere = Object.assign(new URL(inject('templateUrl')), { pathname: '/postgres' })
  const admin = new pg.Client({ connectionString: elsewhere.href })
  await admin.connect()
  await admin.query(`alter database "${name}" with allow_connections false`)
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
  await expect.poll(() => statusOf('/ready')).toBe(503)
  expect(await statusOf('/health')).toBe(200)
  await admin.query(`alter database "${name}" with allow_connections true`)
  await expect.poll(() => statusOf('/ready')).toBe(200)
  await admin.end()
})

it('a process whose database lacks a migration is alive, and not ready', async () => {
  server = await startServer()
  const [name] = await server.ctx.migrations()
  await server.ctx.db.query(
    { text: 'update _prisma_migrations set finished_at = null where migration_name = $1' },
    [name],
  )
  const answer = await fetch(`${server.url}/ready`)
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain(`lacks the migration ${name}`)
  expect(await statusOf('/health')).toBe(200)
})

it('a process that cannot reach its Redis is alive, and not ready', async () => {
  server = await startServer({ REDIS_URL: 'redis://127.0.0.1:1' })
  const answer = await fetch(`${server.url}/ready`)
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain('Redis does not answer')
  expect(await statusOf('/health')).toBe(200)
})

it('why a process is not ready is in its log once, however often it is asked, and is no failed request', async () => {
  const database = await cloneDatabase()
  const home = await mkdtemp(join(tmpdir(), 'chatterie-ready-'))
  const settings = { CHATTERIE_HOME: home, DATABASE_URL: database.url, REDIS_URL: 'redis://127.0.0.1:1' }
  const process = await startServerProcess(settings)
  for (let probe = 0; probe < 3; probe++) expect((await fetch(`${process.url}/ready`)).status).toBe(503)
  await process.end('SIGTERM')
  await database.drop()
  await rm(home, { recursive: true, force: true })
  expect(process.output()).not.toContain('request failed')
  expect(process.output().match(/"reason":"Redis does not answer[^}]*not ready for requests/g)).toHaveLength(
    1,
  )
})

it.skipIf(!(await hasRedis()))('a process whose Redis answers is ready', async () => {
  server = await startServer({ REDIS_URL: redis.url })
  await expect.poll(() => statusOf('/ready')).toBe(200)
})
