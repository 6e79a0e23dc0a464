// The background process is started when there is work, and ends when there is none.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { readConfig } from '#config.ts'
import { type Context, openContext } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { createApplication } from '#domain/applications/create-application.ts'
import { leastCost } from '#domain/applications/secrets.ts'
import { getJob } from '#domain/jobs/get-job.ts'
import { startExport } from '#domain/jobs/start-export.ts'
import { BackgroundProcess } from '#jobs/background-process.ts'
import { query } from '../support/query.ts'
import { cloneDatabase } from '../support/server.ts'

let database: Awaited<ReturnType<typeof cloneDatabase>>
let home: string
let ctx: Context
let backend: ApplicationCaller
let background: BackgroundProcess

beforeAll(async () => {
  database = await cloneDatabase()
  home = await mkdtemp(join(tmpdir(), 'chatterie-background-'))
  vi.stubEnv('CHATTERIE_HOME', home) // the process reads its settings itself
  vi.stubEnv('LOG_LEVEL', 'silent')
  ctx = openContext(readConfig(process.env), pino({ level: 'silent' }), database.url)
  await ctx.db.transact((tx) => createApplication(tx, 'Test', {}, leastCost))
  const [application] = await query(database.url, 'select id::int from application')
  backend = { kind: 'application', applicationId: Number(application?.id), scopes: ['create:*', 'read:*'] }
  background = new BackgroundProcess(ctx, database.url, { keptMs: 300 })
  background.start()
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await background.stop()
  await ctx.db.close()
  await database.drop()
  await rm(home, { recursive: true, force: true })
})

async function exportUsers() {
  const { id } = await startExport(ctx, backend, 'USER_ANALYTICS_EXPORT')
  await expect.poll(() => getJob(ctx, backend, id)).toMatchObject({ state: 'FINISHED' })
}

const rests = () => expect.poll(() => background.pid).toBeUndefined()

async function jobsCounted(): Promise<number | undefined> {
  const all = await ctx.metrics.collect()
  const ended = all.find(({ name }) => name === 'chatterie_jobs_ended_total')
  return ended?.values.find(({ labels }) => labels.result === 'FINISHED')?.value
}

it('is not started without work, ends after its work and is started again by the next', async () => {
  expect(background.pid).toBeUndefined()
  await exportUsers()
  expect(background.pid).toBeDefined()
  await rests()
  await exportUsers()
  await rests()
})

it('counts go on from those of the processes before', async () => {
  const before = await jobsCounted()
  await exportUsers()
  await rests()
  await expect.poll(jobsCounted).toBe((before ?? 0) + 1)
})
