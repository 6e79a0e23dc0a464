// A server process from the operator's perspective: its log, and the metrics of its background work.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMetrics } from '../support/metrics.ts'
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

/** Waits for a log line with these fields. @returns the line */
async function logged(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
  const find = () =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .find((line) => Object.entries(fields).every(([key, value]) => line[key] === value))
  await expect.poll(find).toBeDefined()
  return find()
}

it('each request is logged in one line with its id, operation, status and time, and nothing of its content', async () => {
  const answer = await ask('/v1/users?username=somebody', { 'x-request-id': 'order-66' })
  expect(answer.headers.get('x-request-id')).toBe('order-66')
  expect(await logged({ msg: 'request', id: 'order-66' })).toEqual({
    level: 30,
    time: expect.any(Number),
    pid: server.child.pid,
    hostname: expect.any(String),
    id: 'order-66',
    operation: 'listUsers',
    status: 200,
    ms: expect.any(Number),
    msg: 'request',
  })
  await ask('/v1/users', { 'x-request-id': 'a-guess', authorization: 'Bearer another-secret' })
  expect(await logged({ id: 'a-guess' })).toMatchObject({ operation: 'listUsers', status: 401 })
  await ask('/nowhere/at-all?token=in-a-query', { 'x-request-id': 'lost' })
  expect(await logged({ id: 'lost' })).toMatchObject({ operation: 'unmatched', status: 404 })
  await ask('/health', { 'x-request-id': 'probe' })
  expect(await logged({ id: 'probe' })).toMatchObject({ operation: 'other', route: '/health', status: 200 })
  await fetch(`${server.url}/%zz`, { headers: { 'x-request-id': 'broken' } })
  expect(await logged({ id: 'broken' })).toMatchObject({ status: 400 })
  for (const secret of ['not-for-the-log', token, 'another-secret', 'somebody', 'in-a-query', 'at-all']) {
    expect(server.output().replaceAll(/^[│┌└┐┘].*$|^curl .*$/gm, ''), secret).not.toContain(secret)
  }
})

it.each(['', 'two words', 'x'.repeat(129), 'quo"te', 'arthur@example.com'])(
  'an x-request-id %j is not adopted',
  async (given) => {
    const answer = await ask('/health', { 'x-request-id': given })
    expect(answer.headers.get('x-request-id')).toMatch(/^[\dA-F]{32}$/)
  },
)

it('a slow statement is logged as a warning by its name, without its parameters', async () => {
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
    (await readMetrics(server.url)).value('chatterie_slow_statements_total', { kind: 'server' }),
  ).toBeGreaterThan(0)
})

it('jobs, which run in a separate thread, are among the metrics, and so is the thread once it was started', async () => {
  const before = await readMetrics(server.url)
  expect(before.value('chatterie_heap_bytes', { kind: 'background' })).toBeUndefined()
  const form = new FormData()
  form.set('file', new Blob(['[]'], { type: 'application/json' }), 'users.json')
  expect((await ask('/v1/imports/users', {}, form)).status).toBe(202)
  const ended = async () => {
    const metrics = await readMetrics(server.url)
    return metrics.value('chatterie_jobs_ended_total', { kind: 'USER_IMPORT', result: 'FINISHED' })
  }
  await expect.poll(ended, { interval: 500 }).toBe(1)
  const metrics = await readMetrics(server.url)
  expect(metrics.value('chatterie_heap_bytes', { kind: 'background' })).toBeGreaterThan(0)
  expect(metrics.value('chatterie_pool_connections_max', { kind: 'background' })).toBeGreaterThan(0)
})

it('the metrics contain the version of the process', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  const answer = await fetch(`${server.url}/version`)
  expect(await answer.json()).toEqual({ version, apiVersion: 'v2.106.8', node: process.versions.node })
})
