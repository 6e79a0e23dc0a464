// Imports survive a crash of the server or of Postgres at any moment.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findEmbeddedPostgres, startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import type { JobDocument, PageDocument } from '../support/documents.ts'
import { backendPid, postmasterPid } from '../support/embedded.ts'
import { patienceMs } from '../support/patience.ts'
import { type ServerProcess, startServerProcess } from '../support/process.ts'
import { seededRandom } from '../support/random.ts'

const seed = 20261121
/** The number of kills, each at another moment. `CRASH_KILLS=40` tests more moments. */
const killsMax = Number(process.env.CRASH_KILLS ?? 3)
const messagesMax = 2_500 * killsMax
/** For tests with fewer kills. */
const fewMessages = 10_000
const channelsMax = 10

let home: string
let server: ServerProcess
let token: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-crash-'))
  await start()
  token = await authorize()
})
afterAll(async () => {
  await server.end('SIGTERM')
  await rm(home, { recursive: true, force: true })
})

it(`an import that ${killsMax} kills of the server interrupt has the result of an uninterrupted one, and repeating it adds nothing`, async () => {
  const random = seededRandom(seed)
  const before = await newestId()
  const uninterrupted = await importFile(await messages(messagesMax))
  expect(await progress(uninterrupted.id)).toMatchObject({ state: 'FINISHED', failed: 0 })
  const expected = await rowsAfter(before)
  expect(expected.length).toBe(messagesMax)

  const begun = await newestId()
  const file = await messages(messagesMax, { keyed: true })
  const { id } = await importFile(file)
  // One kill in each part of the import except the last, so that the import is still running at every kill.
  const part = messagesMax / (killsMax + 1)
  for (let kill = 0; kill < killsMax; kill++) {
    await progress(id, Math.ceil((kill + random()) * part))
    await sleep(random() * batchMs)
    await crash(server)
    const { state } = await whileDown(() => readJob(id))
    expect(state, `kill ${kill} hits the import`).toBe('RUNNING')
    await start()
  }
  expect(await progress(id)).toMatchObject({ state: 'FINISHED', processed: messagesMax, failed: 0 })
  expectSame(await rowsAfter(begun), expected)
  await expectTotals(2 * messagesMax)

  const again = await importFile(file)
  expect(await progress(again.id)).toMatchObject({ state: 'FINISHED', processed: messagesMax, failed: 0 })
  expectSame(await rowsAfter(begun), expected)
  await expectTotals(2 * messagesMax)
})

it('an import without keys stores exactly what its file holds, though the server is killed at any moment', async () => {
  const random = seededRandom(seed + 1)
  const before = await newestId()
  const file = await messages(fewMessages)
  const { id } = await importFile(file)
  for (let kill = 0; kill < 2; kill++) {
    await sleep(random() * 100) // since the start of the server: before the import resumes, or while it runs
    await crash(server)
    const { state } = await whileDown(() => readJob(id))
    expect(state, `kill ${kill} hits the import`).toMatch(/PENDING|RUNNING/)
    await start()
  }
  expect(await progress(id)).toMatchObject({ state: 'FINISHED', processed: fewMessages, failed: 0 })
  await expectStored(file, before)
})

it('an import stores exactly what its file holds, though Postgres is killed', async () => {
  const random = seededRandom(seed + 2)
  const before = await newestId()
  const file = await messages(fewMessages)
  const { id } = await importFile(file)
  for (let kill = 0; kill < 2; kill++) {
    await progress(id, kill * 2_000 + 1)
    await sleep(random() * 2 * batchMs)
    process.kill(await backendPid(home), 'SIGKILL') // the postmaster ends all other backends, and recovers
  }
  await progress(id, 4_000)
  process.kill(await postmasterPid(home), 'SIGKILL')
  await crash(server)
  await start()

  expect(await progress(id)).toMatchObject({ state: 'FINISHED', processed: fewMessages, failed: 0 })
  await expectStored(file, before)
})

it('a stop interrupts an import after the current batch, and the next start resumes it at once', async () => {
  const before = await newestId()
  const file = await messages(fewMessages)
  const { id } = await importFile(file)
  await progress(id, 1)
  expect(await server.end('SIGTERM')).toBe(0)
  const queued = 'select locked_at is null and run_at <= now() as due from graphile_worker.jobs'
  expect(await whileDown(() => query(queued)), 'the queue does not make a stopped job wait').toEqual([
    { due: true },
  ])
  await start()
  expect(await progress(id)).toMatchObject({ state: 'FINISHED', failed: 0 })
  await expectStored(file, before)
})

/** The approximate duration of a batch. */
const batchMs = 50

interface ImportedMessage {
  type: 'SYSTEM_TEXT'
  channelId: number
  body: string
  properties: { nth: number }
  idempotencyKey?: string
}

async function messages(number: number, { keyed = false } = {}): Promise<ImportedMessage[]> {
  const channels: number[] = []
  for (let at = 0; at < channelsMax; at++) {
    const { id } = await post('/channels', { type: 'PUBLIC', name: `channel-${at}` })
    channels.push(id)
  }
  return Array.from({ length: number }, (_, at) => ({
    type: 'SYSTEM_TEXT',
    channelId: channels[at % channelsMax] as number,
    body: `message ${at}`,
    properties: { nth: at },
    ...(keyed && { idempotencyKey: `key ${at}` }),
  }))
}

// --------------------------------------------------------------------------------------------- server

async function start(): Promise<void> {
  server = await startServerProcess({
    CHATTERIE_HOME: home,
    CHATTERIE_CLIENT_ID: 'crash',
    CHATTERIE_CLIENT_SECRET: 'test-secret',
  })
}

async function authorize(): Promise<string> {
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('crash:test-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

async function crash({ child }: ServerProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

// -------------------------------------------------------------------------------------------- requests

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(`${server.url}/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer
}

const get = async <T>(path: string): Promise<T> => (await send(path)).json() as Promise<T>

async function post<T = { id: number }>(path: string, body?: unknown): Promise<T> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const headers = { 'content-type': 'application/json' }
  return (
    await send(path, { method: 'POST', ...(body !== undefined && { headers }), ...json })
  ).json() as Promise<T>
}

async function importFile(items: unknown[]): Promise<JobDocument> {
  const body = new FormData()
  body.append('file', new Blob([JSON.stringify(items)], { type: 'application/json' }), 'import.json')
  return (await send('/imports/messages', { method: 'POST', body })).json() as Promise<JobDocument>
}

/** Resolves with the job once it has processed that many items or has ended. */
async function progress(id: number, processed = Number.POSITIVE_INFINITY): Promise<JobDocument> {
  const deadline = Date.now() + 3 * patienceMs
  while (Date.now() < deadline) {
    const job = await get<JobDocument>(`/jobs/${id}`).catch(() => undefined) // Postgres may still be recovering
    if (job && (job.processed >= processed || ['FINISHED', 'FAILED'].includes(job.state))) return job
    await sleep(10)
  }
  throw new Error(`the job has not reached ${processed}`)
}

// ------------------------------------------------------------------------------------------- rows

async function query<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({
    connectionString: (await findEmbeddedPostgres(join(home, 'postgres'))) ?? '',
  })
  await client.connect()
  return client
    .query<T>(text, values)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

async function newestId(): Promise<number> {
  const [row] = await query<{ id: number }>('select coalesce(max(id), 0)::int as id from message')
  return row?.id as number
}

/** Reads the database while no server is running. Postgres ends with the server, so it is started for this. */
async function whileDown<T>(look: () => Promise<T>): Promise<T> {
  const log = { debug() {}, info() {}, warn() {} }
  const postgres = await startEmbeddedPostgres({ folder: join(home, 'postgres'), log })
  return look().finally(() => postgres.stop())
}

/** The current state of the job. */
async function readJob(id: number) {
  const [job] = await query<Pick<JobDocument, 'state' | 'processed'>>(
    'select state, processed from job where id = $1',
    [id],
  )
  return { ...job }
}

/** The rows without their ids and times, in the order of their ids. */
async function rowsAfter(id: number): Promise<string[]> {
  const rows = await query<{ row: string }>(
    `select (to_jsonb(m) - 'id' - 'created_time')::text as row from message m where id > $1 order by id`,
    [id],
  )
  return rows.map(({ row }) => row)
}

function expectSame(rows: string[], expected: string[]): void {
  expect(rows.length).toBe(expected.length)
  const at = rows.findIndex((row, nth) => row !== expected[nth])
  expect({ at, row: rows[at] }, 'the first row that differs').toEqual({ at: -1, row: undefined })
}

/** Expects the rows to be those of the file, and the counters to include all of them. */
async function expectStored(file: ImportedMessage[], before: number): Promise<void> {
  const rows = (await rowsAfter(before)).map((row) => JSON.parse(row))
  const stored = rows.map(({ type, channel_id, body, properties }) =>
    JSON.stringify({ type, channelId: channel_id, body, properties }),
  )
  expectSame(
    stored,
    file.map((item) => JSON.stringify(item)),
  )
  const [row] = await query<{ count: number }>('select count(*)::int from message')
  await expectTotals(row?.count as number)
}

type Messages = PageDocument<'messages', { id: number }>

async function expectTotals(messages: number): Promise<void> {
  expect((await get<Messages>('/messages?size=1')).page.total).toBe(messages)
  const { _embedded } = await get<PageDocument<'channels', { id: number }>>('/channels')
  for (const { id } of _embedded.channels) {
    const { page } = await get<Messages>(`/channels/${id}/messages?size=1`)
    expect(page.total).toBe(messages / channelsMax)
  }
}
