// A process as its operator sees it: what it logs, and what its thread of background work is known by.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metricsOf } from '../support/metrics.ts'
import { type ServerProcess, startServerProcess } from '../support/process.ts'
import { cloneDatabase } from '../support/server.ts'

let home: string
let database: { url: string; drop(): Promise<void> }
let server: ServerProcess
let token: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-signals-'))
  database = await cloneDatabase()
  server = await startServerProcess({
    CHATTERIE_HOME: home,
    DATABASE_URL: database.url,
    CHATTERIE_CLIENT_ID: 'shop',
    CHATTERIE_CLIENT_SECRET: 'not-for-the-log',
    LOG_LEVEL: 'info',
    SLOW_STATEMENT_MS: '50',
  })
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('shop:not-for-the-log')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  token = ((await answer.json()) as { access_token: string }).access_token
})
afterAll(async () => {
  await server?.end('SIGTERM')
  await database?.drop()
  await rm(home, { recursive: true, force: true })
})

const ask = (path: string, headers: Record<string, string> = {}, body?: string | FormData) =>
  fetch(server.url + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body !== undefined && { method: 'POST', body }),
  })

/** What the log says, once it says that. */
async function logged(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
  const find = () =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .find((line) => Object.entries(fields).every(([key, value]) => line[key] === value))
  await expect.poll(find, { timeout: 5_000 }).toBeDefined()
  return find()
}

it('each request is one line with its id, operation, status and time, and nothing of what it said', async () => {
  const given = uuid()
  const answer = await ask('/v1/users?username=somebody', { 'x-request-id': given })
  expect(answer.headers.get('x-request-id')).toBe(given)
  expect(await logged({ msg: 'request', id: given })).toEqual({
    level: 30,
    time: expect.any(Number),
    pid: server.child.pid,
    hostname: expect.any(String),
    id: given,
    operation: 'listUsers',
    status: 200,
    ms: expect.any(Number),
    msg: 'request',
  })
  const tokenOf = (answer: Response) => answer.headers.get('x-response-token')
  const guess = await ask('/v1/users', { authorization: 'Bearer another-secret' })
  expect(await logged({ id: tokenOf(guess) })).toMatchObject({ operation: 'listUsers', status: 401 })
  const lost = await ask('/nowhere/at-all?token=in-a-query')
  expect(await logged({ id: tokenOf(lost) })).toMatchObject({ operation: 'unmatched', status: 404 })
  const probe = await ask('/health')
  expect(await logged({ id: tokenOf(probe) })).toMatchObject({
    operation: 'other',
    route: '/health',
    status: 200,
  })
  const broken = await fetch(`${server.url}/%zz`)
  expect(await logged({ id: tokenOf(broken) })).toMatchObject({ status: 400 })
  for (const secret of ['not-for-the-log', token, 'another-secret', 'somebody', 'in-a-query', 'at-all']) {
    expect(server.output().replaceAll(/^[│┌└┐┘].*$|^curl .*$/gm, ''), secret).not.toContain(secret)
  }
})

it.each([
  ['3F2504E0-4F89-41D3-9A0C-0305E82C3301', 'a UUID'],
  ['3f2504e04f8941d39a0c0305e82c3301', 'a UUID without hyphens'],
  ['01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a ULID'],
])('the id %s of a request, %s, is its id in the log', async (given) => {
  const answer = await ask('/health', { 'x-request-id': given })
  expect(answer.headers.get('x-request-id')).toBe(given)
  expect(answer.headers.get('x-response-token')).toBe(given)
  await logged({ id: given })
})

it.each(['order-66', 'arthur.dent@example.com', 'Deadbeef-Abe'])(
  'an id of a request that may be a name, such as %s, is answered and not in the log',
  async (given) => {
    const answer = await ask('/health', { 'x-request-id': given })
    expect(answer.headers.get('x-request-id')).toBe(given)
    await logged({ id: answer.headers.get('x-response-token') })
    expect(server.output()).not.toContain(given)
  },
)

it.each(['', 'two words', 'x'.repeat(129), 'quo"te'])(
  'an x-request-id %j is not taken over',
  async (given) => {
    const answer = await ask('/health', { 'x-request-id': given })
    expect(answer.headers.get('x-request-id')).toMatch(/^[\dA-F]{32}$/)
  },
)

it('a slow statement is warned of by its name, without its parameters', async () => {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin; lock table channel in access exclusive mode')
  const answer = ask('/v1/channels?name=a-parameter')
  await expect
    .poll(async () => {
      const { rows } = await client.query('select from pg_locks where not granted')
      return rows.length
    })
    .toBeGreaterThan(0)
  await client.query('select pg_sleep(0.1)')
  await client.query('commit')
  await client.end()
  expect((await answer).status).toBe(200)
  const line = await logged({ msg: 'a statement was slow' })
  expect(line).toMatchObject({ level: 40, statement: expect.any(String), ms: expect.any(Number) })
  expect(server.output()).not.toContain('a-parameter')
  expect(
    (await metricsOf(server.url)).value('chatterie_slow_statements_total', { kind: 'server' }),
  ).toBeGreaterThan(0)
})

it('jobs, which run in a thread of their own, are among the metrics, and so is the thread once there was one', async () => {
  const before = await metricsOf(server.url)
  expect(before.value('chatterie_heap_bytes', { kind: 'background' })).toBeUndefined()
  const form = new FormData()
  form.set('file', new Blob(['[]'], { type: 'application/json' }), 'users.json')
  expect((await ask('/v1/imports/users', {}, form)).status).toBe(202)
  const ended = async () => {
    const metrics = await metricsOf(server.url)
    return metrics.value('chatterie_jobs_ended_total', { kind: 'USER_IMPORT' })
  }
  await expect.poll(ended, { timeout: 20_000, interval: 500 }).toBe(1)
  const metrics = await metricsOf(server.url)
  expect(metrics.value('chatterie_heap_bytes', { kind: 'background' })).toBeGreaterThan(0)
  expect(metrics.value('chatterie_pool_connections_max', { kind: 'background' })).toBeGreaterThan(0)
})

it('a process says which version it is', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  const answer = await fetch(`${server.url}/version`)
  expect(await answer.json()).toEqual({ version, apiVersion: 'v2.106.8', node: process.versions.node })
})
