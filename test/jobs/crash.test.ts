// Imports survive the death of the server and of Postgres, at any moment.
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ServerProcess, startServerProcess } from '../support/process.ts'

const seed = 20261121
const messagesMax = 50_000
/** Where there are fewer moments to hit. */
const fewMessages = 20_000
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

it.each([
  { keyed: false, how: 'without keys', kills: 10 },
  { keyed: true, how: 'with keys', kills: 10 },
])(
  'an import $how is what it would be uninterrupted, though the server is killed $kills times',
  { timeout: 120_000 },
  async ({ keyed, kills }) => {
    const random = randomFrom(seed + Number(keyed))
    const before = await bodies()
    const file = await messages(keyed, messagesMax)
    const { id } = await importFile(file)

    let processed = 0
    for (let kill = 0; kill < kills; kill++) {
      // At any moment of its life, half of the time; while it stores a batch, the other half.
      const isStoring = kill % 2 === 0
      if (isStoring) processed = (await progress(id, processed + 1)).processed
      await sleep(random() * (isStoring ? 60 : 150))
      await crash(server)
      await start()
    }
    const interrupted = await get(`/jobs/${id}`)
    expect(interrupted.state, 'the last kill hit the import, too').toBe('RUNNING')

    expect(await progress(id)).toMatchObject({
      state: 'FINISHED',
      processed: messagesMax,
      failed: 0,
    })
    const after = await bodies()
    expect(after.slice(before.length)).toEqual(file.map(({ body }) => body))
    await expectTotals(after.length)

    if (keyed) {
      const again = await importFile(file)
      expect(await progress(again.id)).toMatchObject({ state: 'FINISHED', failed: 0 })
      expect((await bodies()).length).toBe(after.length)
      await expectTotals(after.length)
    }
  },
)

it('an import is what it would be uninterrupted, though Postgres is killed', {
  timeout: 120_000,
}, async () => {
  const random = randomFrom(seed + 2)
  const before = await bodies()
  const file = await messages(false, fewMessages)
  const { id } = await importFile(file)
  for (let kill = 0; kill < 3; kill++) {
    await progress(id, kill * 4_000 + 1)
    await sleep(random() * 100)
    process.kill(await backendPid(), 'SIGKILL') // its postmaster ends all others, and recovers
  }
  await progress(id, 12_000)
  process.kill(await postmasterPid(), 'SIGKILL')
  await crash(server)
  await start()

  expect(await progress(id)).toMatchObject({
    state: 'FINISHED',
    processed: fewMessages,
    failed: 0,
  })
  const after = await bodies()
  expect(after.slice(before.length)).toEqual(file.map(({ body }) => body))
  await expectTotals(after.length)
})

it('a stop interrupts an import after the batch at hand, and the next start goes on at once', async () => {
  const before = await bodies()
  const file = await messages(false, fewMessages)
  const { id } = await importFile(file)
  await progress(id, 1)
  expect(await server.end('SIGTERM')).toBe(0)
  await start()
  const began = Date.now()
  const { processed } = await progress(id, 1)
  await progress(id, processed + 1)
  expect(Date.now() - began, 'the queue does not make a stopped job wait').toBeLessThan(2_500)
  expect(await progress(id)).toMatchObject({ state: 'FINISHED', failed: 0 })
  expect((await bodies()).slice(before.length)).toEqual(file.map(({ body }) => body))
}, 120_000)

async function messages(keyed: boolean, number: number) {
  const channels: number[] = []
  for (let at = 0; at < channelsMax; at++) {
    const { id } = await post('/channels', { type: 'PUBLIC', name: `channel-${at}` })
    channels.push(id)
  }
  return Array.from({ length: number }, (_, at) => ({
    type: 'SYSTEM_TEXT',
    channelId: channels[at % channelsMax],
    body: `message ${at}`,
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

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8'), 10)
}

/** Of a connection of the server: the youngest children of the postmaster are those. */
async function backendPid(): Promise<number> {
  const postmaster = await postmasterPid()
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8')
  return Number(children.trim().split(' ').at(-1))
}

// -------------------------------------------------------------------------------------------- requests

// biome-ignore lint/suspicious/noExplicitAny: documents as a client sees them
type Document = any

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(`${server.url}/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer
}

const get = async (path: string): Promise<Document> => (await send(path)).json()

async function post(path: string, body?: unknown): Promise<Document> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const headers = { 'content-type': 'application/json' }
  return (await send(path, { method: 'POST', ...(body !== undefined && { headers }), ...json })).json()
}

async function importFile(items: unknown[]): Promise<Document> {
  const body = new FormData()
  body.append('file', new Blob([JSON.stringify(items)], { type: 'application/json' }), 'import.json')
  return (await send('/imports/messages', { method: 'POST', body })).json()
}

/** The job once it has done so much, or has ended. */
async function progress(id: number, processed = Number.POSITIVE_INFINITY): Promise<Document> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const job = await get(`/jobs/${id}`).catch(() => undefined) // Postgres may be on its way back
    if (job && (job.processed >= processed || ['FINISHED', 'FAILED'].includes(job.state))) return job
    await sleep(5)
  }
  throw new Error(`the job has not reached ${processed}`)
}

/** Of all messages, in the order of their ids. */
async function bodies(): Promise<string[]> {
  const { id } = await post('/analytics/messages')
  const file = await expect
    .poll(() => get(`/jobs/${id}`), { timeout: 20_000 })
    .toMatchObject({ state: 'FINISHED' })
    .then(async () => (await get(`/jobs/${id}`)).file)
  const csv = await (await send(new URL(file).pathname.replace(/^\/v1/, ''))).text()
  const [header = '', ...lines] = csv.trimEnd().split('\r\n')
  const column = header.split(',').indexOf('body')
  return lines.map((line) => line.split(',')[column] ?? '')
}

async function expectTotals(messages: number): Promise<void> {
  expect((await get('/messages?size=1')).page.total).toBe(messages)
  const { _embedded } = await get('/channels')
  for (const { id } of _embedded.channels) {
    const { page } = await get(`/channels/${id}/messages?size=1`)
    expect(page.total).toBe(messages / channelsMax)
  }
}

/** The same numbers from the same seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
