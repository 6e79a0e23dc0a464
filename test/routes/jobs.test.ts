import { randomBytes } from 'node:crypto'
import { parse } from 'node:querystring'
import { parse as parseCsv } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { factsOf, messageFacts } from '#data/applications/analytics.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { endedJob, importFile } from '../support/jobs.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

describe('retrieveJob', () => {
  it('answers 404 for an unknown job, or one of another application', async () => {
    const other = await server.createApplication()
    const { id } = await importFile(other, 'users', [])
    for (const missing of [4_000_000_000, id]) {
      expectRefusal(await main.get(`/jobs/${missing}`), 404, 'ResourceNotFoundError')
    }
  })

  it('uses snake_case for clients that request it', async () => {
    const { id } = await importFile(main, 'users', [])
    const { body } = await main.get(`/jobs/${id}`).accept('application/vnd.chatkitty+json').expect(200)
    expect(body).toMatchObject({ created_time: expect.any(String), ended_time: expect.any(String) })
  })
})

describe('listJobs', () => {
  it('lists jobs oldest first, running or ended', async () => {
    const application = await server.createApplication()
    const first = await importFile(application, 'users', [])
    const second = await importFile(application, 'channels', [{}])
    expect(await idsOf(application, '')).toEqual([first.id, second.id])
    expect(await idsOf(application, '?running=false')).toEqual([first.id, second.id])
    expect(await idsOf(application, '?running=true')).toEqual([])
    expect(await idsOf(application, '?sort=createdTime,desc')).toEqual([second.id, first.id])
    const { body } = await application.get('/jobs?running=false&size=1').expect(200)
    expect(body.page).toEqual({ size: 1, totalElements: 2, totalPages: 2, number: 0 })
    expect(parse(body._links.next.href.split('?')[1])).toMatchObject({ running: 'false', page: '1' })
  })
})

describe('exportMessageAnalytics', () => {
  it('writes a CSV of every message, without formulas that spreadsheets run', async () => {
    const application = await server.createApplication()
    const author = await createUser(application, { name: 'ann', displayName: 'Ann, "A"' })
    const channel = await createChannel(application, { name: 'lobby' })
    const bodies = ['=1+1', 'two\n=lines', '-5', `'=quoted`, 'plain, "x" é', `it's - fine`, 'a\r@b\r\n+c']
    for (const body of bodies) await sendMessage(application, channel.id, { body, user: { id: author.id } })
    await sendMessage(application, channel.id, { body: '<@ann> https://example.com', properties: { a: [1] } })

    const job = await exported(application, '/analytics/messages')
    expect(job).toMatchObject({ type: 'MESSAGE_ANALYTICS_EXPORT', state: 'FINISHED', processed: 8, total: 8 })
    const { header, rows, type } = await download(application, job.file)
    expect(type).toMatch(/^text\/csv/)
    expect(header).toContain('message_id')
    expect(rows.map(({ body }) => body)).toEqual([
      `'=1+1`,
      'two\n=lines',
      `'-5`,
      `''=quoted`,
      'plain, "x" é',
      `it's - fine`,
      'a\r@b\r\n+c',
      '<@ann> https://example.com',
    ])
    expect(rows[0]).toMatchObject({
      type: 'TEXT',
      channel_name: 'lobby',
      username: 'ann',
      user_display_name: 'Ann, "A"',
      mentions: '0',
      properties: '{}',
    })
    expect(rows[7]).toMatchObject({ user_id: '', mentions: '1', links: '1', properties: '{"a":[1]}' })
  })

  it('reads large messages a few at a time, and contains each once', async () => {
    const application = await server.createApplication()
    const channel = await createChannel(application)
    const texts = ['x'.repeat(900_000), randomBytes(450_000).toString('hex')]
    const sent: number[] = []
    for (const text of [...texts, ...texts, ...texts]) {
      sent.push((await sendMessage(application, channel.id, { properties: { text } })).id)
    }
    const batches: number[][] = []
    for await (const facts of factsOf((after) => messageFacts(server.ctx.db, application.id, after))) {
      batches.push(facts.map(({ id }) => id))
    }
    expect(batches.flat()).toEqual(sent)
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(5) // of 900 KB
  })

  it('contains every message once, whatever their number', async () => {
    const application = await server.createApplication()
    const channel = await createChannel(application)
    await importFile(
      application,
      'messages',
      Array.from({ length: 2_500 }, (_, at) => ({
        type: 'SYSTEM_TEXT',
        channelId: channel.id,
        body: `message ${at}`,
      })),
    )
    const { rows } = await download(application, (await exported(application, '/analytics/messages')).file)
    expect(rows.map(({ body }) => body)).toEqual(Array.from({ length: 2_500 }, (_, at) => `message ${at}`))
  })
})

describe('exportUserAnalytics', () => {
  it('writes a CSV of every user with its activity', async () => {
    const application = await server.createApplication()
    const ann = await createUser(application, { name: 'ann' })
    await createUser(application, { name: '@bob', displayName: 'Bob', isGuest: true })
    const gone = await createUser(application)
    await application.delete(`/users/${gone.id}`).expect(200)
    const channel = await createChannel(application, { members: [{ id: ann.id }] })
    const message = await sendMessage(application, channel.id, { user: { id: ann.id } })

    const job = await exported(application, '/analytics/users')
    expect(job).toMatchObject({ type: 'USER_ANALYTICS_EXPORT', state: 'FINISHED', processed: 2 })
    const { rows } = await download(application, job.file)
    expect(rows).toMatchObject([
      {
        username: 'ann',
        is_guest: 'false',
        channels: '1',
        messages_sent: '1',
        last_message_time: message.createdTime,
      },
      { username: `'@bob`, display_name: 'Bob', is_guest: 'true', messages_sent: '0', last_message_time: '' },
    ])
  })

  it('returns its file to its own application only', async () => {
    const { file } = await exported(main, '/analytics/users')
    const other = await server.createApplication()
    const path = new URL(file).pathname.replace(/^\/v1/, '')
    expectRefusal(await other.get(path), 404, 'ResourceNotFoundError')
  })
})

async function idsOf(application: TestApplication, query: string): Promise<number[]> {
  const { body } = await application.get(`/jobs${query}`).expect(200)
  return body._embedded.jobs.map(({ id }: { id: number }) => id)
}

async function exported(application: TestApplication, path: string) {
  const { body } = await application.post(path).expect(202)
  return endedJob(application, body.id)
}

/** Downloads the file of a job from its link, and parses it [RFC 4180]. */
async function download(application: TestApplication, file: string) {
  const { pathname, origin } = new URL(file)
  expect(origin).toBe(server.url)
  const answer = await application.get(pathname.replace(/^\/v1/, '')).expect(200)
  const [header = [], ...records] = parseCsv(answer.text, { record_delimiter: ['\r\n', '\n', '\r'] })
  const rows = records.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ''])))
  return { header, rows, type: answer.headers['content-type'] as string }
}
