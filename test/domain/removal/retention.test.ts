// What is older than an application keeps it goes, and everything that is said of it follows.
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { markJobBegun } from '#data/jobs/jobs.ts'
import { runRetention } from '#domain/retention/run-retention.ts'
import { Sweeper } from '#jobs/sweeper.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage, several } from '../../support/factories.ts'
import type { TestApplication } from '../../support/server.ts'
import { startTestApi, type TestApiServer } from '../../support/test-api.ts'

let server: TestApiServer
let owner: AdminClient
let main: TestApplication
let path: string
beforeAll(async () => {
  server = await startTestApi()
  owner = await createAdmin(server, 'owner')
  await server.ctx.queue.ready()
})
beforeEach(async () => {
  main = await createApplication()
  path = `/applications/${main.id}`
})
afterEach(() => server.clock.release())
afterAll(() => server.close())

/** One whose token outlives what is told here. */
async function createApplication(): Promise<TestApplication> {
  const application = await server.createApplication()
  await server.ctx.db.prisma.accessToken.updateMany({ data: { expiresTime: new Date('9500-01-01') } })
  server.ctx.tokens.forget()
  return application
}
const count = async (text: string, values: unknown[] = []) =>
  Number((await server.ctx.db.query({ text }, values))[0]?.[0])
const days = (number: number) => server.clock.advance({ days: number })
const keep = async (retention: object | null) =>
  (await owner.patch(`${path}/settings`, { retention }).expect(200)).body.retention
const preview = async () => (await owner.get(`${path}/retention/preview`).expect(200)).body

/** Runs it now, and waits for its end. */
async function run() {
  const { body: job } = await owner.post(`${path}/retention/run`).expect(202)
  expect(job).toMatchObject({ type: 'RETENTION' })
  return ended(job.id)
}

async function ended(id: number) {
  const look = () => owner.get(`${path}/jobs/${id}`).expect(200)
  await expect
    .poll(look, { interval: 20 })
    .toMatchObject({ body: { state: expect.stringMatching(/FINISHED|FAILED/) } })
  return (await look()).body
}

const bodiesOf = async (channelId: number) => {
  const { body } = await main.get(`/channels/${channelId}/messages`).expect(200)
  return (body._embedded?.messages ?? []).map((message: { body: string }) => message.body)
}

describe('the setting', () => {
  it('keeps all for ever at first, changes what is given, and removes what is null', async () => {
    expect((await owner.get(`${path}/settings`).expect(200)).body.retention).toEqual({})
    expect(await keep({ messagesDays: 30, filesDays: 7 })).toEqual({ messagesDays: 30, filesDays: 7 })
    expect(await keep({ messagesDays: 60 })).toEqual({ messagesDays: 60, filesDays: 7 })
    expect(await keep({ filesDays: null })).toEqual({ messagesDays: 60 })
    expect(await keep(null)).toEqual({})
  })

  it.each([
    [{ messagesDays: 0 }, 'messagesDays'],
    [{ messagesDays: -1 }, 'messagesDays'],
    [{ messagesDays: 1.5 }, 'messagesDays'],
    [{ filesDays: '7' }, 'filesDays'],
    [{ inactiveChannelsDays: 1_000_000 }, 'inactiveChannelsDays'],
    [[], 'retention'],
  ])('%j is refused with the name of the field', async (retention, field) => {
    const { body } = await owner.patch(`${path}/settings`, { retention }).expect(400)
    expect(JSON.stringify(body)).toContain(field)
    expect((await owner.get(`${path}/settings`).expect(200)).body.retention).toEqual({})
  })
})

it('what is kept for ever is not previewed, and a run leaves it alone', async () => {
  const channel = await createChannel(main)
  await sendMessage(main, channel.id)
  await days(4_000)
  expect(await preview()).toMatchObject({ messages: 0, directMessages: 0, files: 0, channels: 0 })
  expect(await run()).toMatchObject({ state: 'FINISHED', processed: 0 })
  expect(await bodiesOf(channel.id)).toEqual(['Hello, World!'])
})

it('a setting is previewed before it is saved', async () => {
  const channel = await createChannel(main)
  await sendMessage(main, channel.id)
  await days(40)
  await sendMessage(main, channel.id)
  const tried = async (query: string) => (await owner.get(`${path}/retention/preview?${query}`)).body
  expect(await tried('messagesDays=30')).toMatchObject({ messages: 1, channels: 0 })
  expect(await tried('messagesDays=50')).toMatchObject({ messages: 0 })
  await keep({ messagesDays: 30 })
  expect(await tried('filesDays=1')).toMatchObject({ messages: 0 })
  expect(await tried('messagesDays=')).toMatchObject({ messages: 1 })
  const { body } = await owner.get(`${path}/retention/preview?filesDays=0`).expect(400)
  expect(JSON.stringify(body)).toContain('filesDays')
})

it('old messages are removed as previewed: counters, last messages, unread counts and notifications follow', async () => {
  const [author, reader] = await several(2, () => createUser(main))
  const members = [{ id: author.id }, { id: reader.id }]
  const channel = await createChannel(main, { members })
  const direct = await createChannel(main, { type: 'DIRECT', members })
  const by = { user: { id: author.id } }
  const old = await sendMessage(main, channel.id, { ...by, body: 'old' })
  await main.post(`/messages/${old.id}/reply`, { type: 'TEXT', body: 'old reply', ...by })
  await main.post(`/channels/${channel.id}/read`, {}).expect(() => {})
  await sendMessage(main, direct.id, { ...by, body: 'old direct' })
  await expect
    .poll(() => count('select count(*) from notification where recipient_id = $1', [reader.id]))
    .toBeGreaterThan(1)
  await days(31)
  await sendMessage(main, channel.id, { ...by, body: 'new' })
  await keep({ messagesDays: 30 })
  const found = await preview()
  expect(found).toMatchObject({ directMessages: 0, files: 0, channels: 0 })
  expect(found.messages).toBe(
    (await count(`select count(*) from message where channel_id = $1`, [channel.id])) - 1,
  )

  expect(await run()).toMatchObject({ state: 'FINISHED', processed: found.messages, total: found.messages })
  expect(await bodiesOf(channel.id)).toEqual(['new'])
  expect(await bodiesOf(direct.id)).toEqual(['old direct'])
  expect((await main.get(`/channels/${channel.id}/messages?size=1`).expect(200)).body.page.total).toBe(1)
  const { body: shown } = await main.get(`/channels/${channel.id}`).expect(200)
  expect(shown.lastReceivedMessage?.body ?? 'new').toBe('new')
  await main.get(`/messages/${old.id}`).expect(404)
  const notified =
    'select count(*) from notification n join message m on m.id = n.message_id where m.channel_id = $1'
  await expect.poll(() => count(notified, [channel.id])).toBe(1)
  expect(
    await count(`select count(*) from thread where channel_id = $1 and type = 'MESSAGE'`, [channel.id]),
  ).toBe(0)
  expect(await preview()).toMatchObject({ messages: 0 })

  await keep({ directMessagesDays: 7 })
  expect(await preview()).toMatchObject({ messages: 0, directMessages: 1 })
  await run()
  expect(await bodiesOf(direct.id)).toEqual([])
})

it('an old file is removed with its message and from the store; texts of its age stay', async () => {
  const channel = await createChannel(main)
  await sendMessage(main, channel.id, { body: 'text' })
  const { body: sent } = await main
    .post(`/channels/${channel.id}/messages`)
    .attach('file', Buffer.from('bytes'), 'seen.txt')
    .expect(200)
  await days(8)
  await keep({ filesDays: 7 })
  expect(await preview()).toMatchObject({ messages: 1, files: 1 })
  await run()
  expect(await bodiesOf(channel.id)).toEqual(['text'])
  const sweeper = new Sweeper(server.ctx)
  sweeper.start()
  await server.clock.advance({ minutes: 1 })
  await sweeper.stop()
  await supertest(sent.file.url).get('').set('authorization', `Bearer ${main.token}`).expect(404)
  expect(await count('select count(*) from file where application_id = $1', [main.id])).toBe(0)
  const folder = join(server.ctx.config.home, 'files')
  const left = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : []
  expect(left.filter((entry) => entry.isFile())).toEqual([])
})

it('a run says how many it will remove before it removes any', async () => {
  const channel = await createChannel(main)
  await several(3, () => sendMessage(main, channel.id))
  await days(25)
  await sendMessage(main, channel.id)
  await main
    .post(`/channels/${channel.id}/messages`)
    .attach('file', Buffer.from('bytes'), 'seen.txt')
    .expect(200)
  await days(8)
  await keep({ messagesDays: 30, filesDays: 7 })
  const text = `insert into job (application_id, type) values ($1, 'RETENTION') returning id`
  const [row] = await server.ctx.db.query({ text }, [main.id])
  const job = await markJobBegun(server.ctx.db, row?.[0] as number)
  if (!job) throw new Error('there is no job')
  await expect(runRetention(server.ctx, job, AbortSignal.abort())).rejects.toThrow('aborted')
  const { body } = await owner.get(`${path}/jobs/${job.id}`).expect(200)
  expect(body).toMatchObject({ state: 'RUNNING', processed: 0, total: 4 })
  await runRetention(server.ctx, job, new AbortController().signal)
  expect(await ended(job.id)).toMatchObject({ state: 'FINISHED', processed: 4, total: 4 })
})

it('a run counts an inactive channel once, and not its messages', async () => {
  const channel = await createChannel(main)
  await several(3, () => sendMessage(main, channel.id))
  await days(31)
  await keep({ inactiveChannelsDays: 30, messagesDays: 30 })
  expect(await preview()).toMatchObject({ channels: 1, messages: 3 })
  expect(await run()).toMatchObject({ state: 'FINISHED', processed: 1, total: 1 })
})

it('an inactive channel is removed, by the age of its last message, even if that is deleted', async () => {
  const [quiet, busy] = await several(2, () => createChannel(main))
  await days(20)
  await sendMessage(main, busy.id)
  await days(20)
  await keep({ inactiveChannelsDays: 30, messagesDays: 10 })
  expect(await preview()).toMatchObject({ channels: 1, messages: 1 })
  await run()
  await main.get(`/channels/${quiet.id}`).expect(404)
  await main.get(`/channels/${busy.id}`).expect(200)
  expect(await bodiesOf(busy.id)).toEqual([])
  await run()
  await main.get(`/channels/${busy.id}`).expect(200)
  await days(11)
  expect(await preview()).toMatchObject({ channels: 1 })
  await run()
  await main.get(`/channels/${busy.id}`).expect(404)
  const { items } = (await owner.get(`/audit?application=${main.id}&action=channel.deleted`).expect(200)).body
  expect(items).toHaveLength(2)
  expect(items[0].actor).toMatchObject({ type: 'system' })
})

it('a channel that keeps no messages is active as long as some are delivered', async () => {
  const channel = await createChannel(main)
  await owner.patch(`${path}/channels/${channel.id}`, { messagesPersisted: false }).expect(200)
  await days(20)
  await sendMessage(main, channel.id)
  await days(20)
  await sendMessage(main, channel.id)
  await keep({ inactiveChannelsDays: 30 })
  await days(20)
  expect(await preview()).toMatchObject({ channels: 0 })
  await days(11)
  expect(await preview()).toMatchObject({ channels: 1 })
})

it('deleting messages does not make a channel inactive, whoever deletes them', async () => {
  const author = await createUser(main)
  const channels = await several(3, () => createChannel(main))
  await days(40)
  const [first, second] = await Promise.all(
    channels.map((channel) => sendMessage(main, channel.id, { user: { id: author.id } })),
  )
  await keep({ inactiveChannelsDays: 30 })
  await main.delete(`/messages/${first?.id}`).expect(200)
  await owner.delete(`${path}/messages/${second?.id}`).expect(204)
  expect(await preview()).toMatchObject({ channels: 0 })
  const { body: erasure } = await owner
    .post(`${path}/users/${author.id}/erase`, { messages: 'delete' })
    .expect(202)
  await ended(erasure.id)
  expect(await count('select count(*) from message where application_id = $1', [main.id])).toBe(0)
  expect(await preview()).toMatchObject({ channels: 0 })
  await days(31)
  expect(await preview()).toMatchObject({ channels: 3 })
})

it('deleting all messages of an application does not make its channels inactive', async () => {
  const channel = await createChannel(main)
  await days(40)
  await several(2, () => sendMessage(main, channel.id))
  await keep({ inactiveChannelsDays: 30 })
  await main.delete('/messages').expect(200)
  await expect.poll(() => count('select count(*) from message where application_id = $1', [main.id])).toBe(0)
  expect(await preview()).toMatchObject({ channels: 0 })
})

it('the server starts a run by itself once something is old, and none before', async () => {
  const sweeper = new Sweeper(server.ctx)
  sweeper.start()
  const jobs = async () =>
    (await owner.get(`${path}/jobs`).expect(200)).body.items.filter(
      (job: { type: string }) => job.type === 'RETENTION',
    )
  const channel = await createChannel(main)
  await sendMessage(main, channel.id)
  await keep({ messagesDays: 2 })
  await days(1)
  expect(await jobs()).toEqual([])
  await days(2)
  await expect.poll(jobs).toHaveLength(1)
  await expect.poll(() => bodiesOf(channel.id)).toEqual([])
  await sweeper.stop()
})

it('other applications are left alone, and answered 404 to limited operators', async () => {
  const other = await createApplication()
  const channel = await createChannel(other)
  await sendMessage(other, channel.id)
  const limited = await createAdmin(server, 'owner', [other.id])
  await days(10)
  await keep({ messagesDays: 1, inactiveChannelsDays: 1, filesDays: 1, directMessagesDays: 1 })
  await run()
  await other.get(`/channels/${channel.id}`).expect(200)
  await limited.post(`${path}/retention/run`).expect(404)
  await limited.get(`${path}/retention/preview`).expect(404)
})

it('after ten rounds of messages and retention the database is no larger than after two', async () => {
  const [author, reader] = await several(2, () => createUser(main))
  const channel = await createChannel(main, { members: [{ id: author.id }, { id: reader.id }] })
  await keep({ messagesDays: 1 })
  const rows: number[] = []
  for (let round = 0; round < 10; round += 1) {
    const sent = await several(20, () => sendMessage(main, channel.id, { user: { id: author.id } }))
    await main.post(`/messages/${sent[0]?.id}/reply`, {
      type: 'TEXT',
      body: 'reply',
      user: { id: reader.id },
    })
    await days(2)
    await run()
    await expect.poll(() => count('select count(*) from outbox_event')).toBe(0)
    await expect.poll(() => count('select count(*) from notification_task')).toBe(0)
    const tables = [
      'message',
      'thread',
      'read_span',
      'notification',
      'reaction',
      'file',
      'counter',
      'channel',
    ]
    rows.push(await count(`select ${tables.map((table) => `(select count(*) from ${table})`).join(' + ')}`))
  }
  expect(Math.max(...rows.slice(1))).toBe(rows[1])
})
