import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { theSystem } from '#domain/access/operator.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { sweepRuntimes } from '#domain/functions/runtime/sweep-runtimes.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { deploy, endedInvocations, invocationsOf } from '../../support/functions.ts'
import { noteDeletions } from '../../support/note-deletions.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Something of everything. */
async function populate(application: TestApplication): Promise<void> {
  const users = [await createUser(application), await createUser(application)]
  const members = users.map(({ id }) => ({ id }))
  const channel = await createChannel(application, { members, creator: members[0] })
  await createChannel(application, { type: 'DIRECT', members })
  for (const user of members) {
    const message = await sendMessage(application, channel.id, { user, body: 'Hello' })
    await application.post(`/threads/${message.id}/messages`, { type: 'TEXT', body: 'Hi', user }).expect(200)
    await application.put(`/users/${user.id}/secrets/pin`, { secret: '1234' }).expect(200)
  }
  const { body } = await application
    .post('/runtimes/nodejs/functions', { type: 'user.sent.message', name: 'x' })
    .expect(200)
  await application.post(`/functions/${body.id}/versions`, { handlerScript: 'x' }).expect(200)
}

/** Tables that have rows, and how many, all as of one moment: what is under way moves from table to table. */
async function census(): Promise<Record<string, number>> {
  const { rows: tables } = await server.ctx.db.pool.query<{ name: string }>(
    // How many requests there were is saved every few seconds, for the other applications too.
    `select quote_ident(tablename) as name from pg_tables
     where schemaname = 'public' and tablename !~ '^_' and tablename <> 'request_hour'`,
  )
  const counts = tables.map(({ name }) => `select '${name}' as name, count(*)::int as n from ${name}`)
  const { rows } = await server.ctx.db.pool.query<{ name: string; n: number }>(counts.join(' union all '))
  return Object.fromEntries(rows.filter(({ n }) => n > 0).map(({ name, n }): [string, number] => [name, n]))
}

/** The census once no event is to be published, nobody to be notified and no function to be run. */
async function settledCensus(): Promise<Record<string, number>> {
  let counts: Record<string, number> = {}
  const underWay = async () => {
    counts = await census()
    return ['outbox_event', 'notification_task', 'function_run'].filter((name) => name in counts)
  }
  await expect.poll(underWay).toEqual([])
  return counts
}

it('deletes everything of the application, and nothing of others', async () => {
  await populate(server.main)
  const before = await settledCensus()
  expect(before).toMatchObject({ message: 4, channel: 2, user_secret: 2, function_version: 1 })
  const doomed = await server.createApplication()
  await populate(doomed)
  await settledCensus()
  const { id } = await deleteApplication(server.ctx, theSystem, doomed.clientId)
  expect(id).toBe(doomed.id)
  expect(await settledCensus()).toEqual({ ...before, audit_entry: (before.audit_entry ?? 0) + 1 }) // who deleted it
  expectRefusal(await doomed.get('/application'), 401, 'invalid_token')
  await server.main.get('/application').expect(200)
})

it('completes a deletion that was interrupted', async () => {
  const doomed = await server.createApplication()
  await populate(doomed)
  const reference = String(doomed.id)
  const { pool } = server.ctx.db
  await pool.query('delete from credential where application_id = $1', [doomed.id])
  await pool.query('delete from message where application_id = $1', [doomed.id])
  await deleteApplication(server.ctx, theSystem, reference)
  await expect(deleteApplication(server.ctx, theSystem, reference)).rejects.toThrow('does not exist')
})

it('deletes what there may be much of in several transactions, whose time is limited', async () => {
  const doomed = await server.createApplication()
  const { pool } = server.ctx.db
  const all = 'from generate_series(1, 10001) i'
  await pool.query(`
    with hook as (
      insert into webhook (application_id, url, secret, enabled) values (${doomed.id}, '', '', false) returning id
    )
    insert into webhook_delivery (webhook_id, type) select (select id from hook), 'user.created' ${all}`)
  await pool.query(`
    insert into moved_item (application_id, source, kind, key, digest, pass)
    select ${doomed.id}, 'elsewhere', 'users', i::text, '', 1 ${all}`)
  const deleted = await Promise.all(
    ['webhook_delivery', 'moved_item'].map((table) => noteDeletions(pool, table)),
  )
  await deleteApplication(server.ctx, theSystem, String(doomed.id))
  expect(await Promise.all(deleted.map((read) => read()))).toEqual([
    [10_000, 1],
    [10_000, 1],
  ])
})

it('ends running functions of the application, and removes their files on this machine', async () => {
  const doomed = await server.createApplication()
  const folderOf = ({ id }: { id: number }) => join(server.ctx.config.home, 'runtimes', String(id))
  const type = 'system.triggered.event'
  const endless = await deploy(doomed, type, 'async function handleEvent() { for (;;) await null }')
  const channel = await createChannel(doomed)
  await doomed.post(`/channels/${channel.id}/events`, { type: 'x', properties: {} }).expect(200)
  await expect.poll(async () => (await invocationsOf(doomed, endless)).length).toBe(1)
  await expect.poll(() => existsSync(folderOf(doomed))).toBe(true)

  const began = performance.now()
  await deleteApplication(server.ctx, theSystem, String(doomed.id))
  expect(existsSync(folderOf(doomed))).toBe(false)
  expect(performance.now() - began, 'the run is not waited for').toBeLessThan(8_000)
})

it('other processes end running functions and remove their files when they sweep', async () => {
  const gone = await server.createApplication()
  const created = await deploy(gone, 'system.triggered.event', 'async function handleEvent() {}')
  const channel = await createChannel(gone)
  await gone.post(`/channels/${channel.id}/events`, { type: 'x', properties: {} }).expect(200)
  await endedInvocations(gone, created)
  expect(server.ctx.functions.applications()).toContain(gone.id)
  const folders = [gone.id, server.main.id].map((id) => join(server.ctx.config.home, 'runtimes', String(id)))
  for (const folder of folders) await mkdir(join(folder, 'work'), { recursive: true })
  await server.ctx.db.pool.query('delete from application where id = $1', [gone.id])
  await sweepRuntimes(server.ctx)
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, true])
  expect(server.ctx.functions.applications()).not.toContain(gone.id)
})
