// Function runs survive a crash of the server: each is executed at least once.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import type { InvocationDocument, MessageDocument, PageDocument } from '../support/documents.ts'
import { type ServerProcess, startServerProcess } from '../support/process.ts'

const runs = 1_000
const kills = 3

let home: string
let server: ServerProcess
let token: string
let db: pg.Client

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-functions-'))
  await start()
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('crash:test-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  token = ((await answer.json()) as { access_token: string }).access_token
})
afterAll(async () => {
  await db.end()
  await server.end('SIGTERM')
  await rm(home, { recursive: true, force: true })
})

async function start(): Promise<void> {
  server = await startServerProcess({
    CHATTERIE_HOME: home,
    CHATTERIE_CLIENT_ID: 'crash',
    CHATTERIE_CLIENT_SECRET: 'test-secret',
  })
  db = new pg.Client({ connectionString: (await findEmbeddedPostgres(join(home, 'postgres'))) ?? '' })
  db.on('error', () => {})
  await db.connect()
}

async function kill(): Promise<void> {
  server.child.kill('SIGKILL')
  await once(server.child, 'exit')
}

async function api<T = { id: number }>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.json() as Promise<T>
}

async function count(text: string): Promise<number> {
  return (await db.query(`select count(*)::int as count from ${text}`)).rows[0].count
}

const isLeft = () => count('(select id from function_run union all select id from outbox_event) as waiting')

async function allInvocations(id: number): Promise<InvocationDocument[]> {
  const all: InvocationDocument[] = []
  for (let page = 0; ; page++) {
    const answer = await api<PageDocument<'invocations', InvocationDocument>>(
      'GET',
      `/functions/${id}/invocations?size=100&page=${page}`,
    )
    all.push(...answer._embedded.invocations)
    if (page + 1 >= (answer.page.totalPages ?? 0)) return all
  }
}

it('a stop interrupts runs that take long, and costs them and waiting ones no attempt', async () => {
  await db.query(`
    create table spent (attempts int);
    create function spend() returns trigger language plpgsql as $$ begin
      insert into spent values (old.attempts); return old;
    end $$;
    create trigger spend before delete on function_run for each row execute function spend()`)
  const created = await api('POST', '/runtimes/nodejs/functions', {
    type: 'system.triggered.event',
    name: 'Slow',
  })
  await api('POST', `/functions/${created.id}/versions`, {
    handlerScript: `async function handleEvent(_, context) {
      while (process.env.LAST !== 'yes') {
        await context.getApplicationApi().retrieveApplication()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return 'done'
    }`,
  })
  const channel = await api('POST', '/channels', { type: 'PUBLIC' })
  for (let nth = 0; nth < 4; nth++) {
    await api('POST', `/channels/${channel.id}/events`, { type: 'x', properties: {} })
  }
  await expect.poll(() => count('function_run where node is not null')).toBe(4)
  await expect.poll(() => count(`function_invocation where status = 'RUNNING'`)).toBe(3)
  await api('PUT', '/runtimes/nodejs/environment-variables', { LAST: 'yes' })
  await db.end()
  await server.end('SIGTERM')
  await start()
  await expect.poll(isLeft).toBe(0)
  const done = { status: 'SUCCEEDED', result: { payload: 'done' } }
  const interrupted = {
    status: 'FAILED',
    result: { error: { reason: 'runtime', message: 'the server is stopping' } },
  }
  expect(await allInvocations(created.id)).toMatchObject([
    ...Array(4).fill(done),
    ...Array(3).fill(interrupted),
  ])
  expect(await count('spent where attempts = 1')).toBe(4)
  await db.query('drop function spend cascade; drop table spent')
})

it(`each of ${runs} waiting runs is done and listed though the server is killed ${kills} times`, async () => {
  const created = await api('POST', '/runtimes/nodejs/functions', { type: 'user.sent.message', name: 'Echo' })
  await api('POST', `/functions/${created.id}/versions`, {
    handlerScript: `async function handleEvent({ message }: { message: { body: string } }) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return message.body
    }`,
  })
  const user = await api('POST', '/users', { name: 'writer', displayName: 'Writer', isGuest: false })
  const channel = await api('POST', '/channels', { type: 'PUBLIC', name: 'channel' })
  const bodies = Array.from({ length: runs }, (_, nth) => `message ${nth}`)
  await Promise.all(
    bodies.map((body) =>
      api('POST', `/channels/${channel.id}/messages`, { type: 'TEXT', body, user: { id: user.id } }),
    ),
  )
  for (let nth = 1; nth <= kills; nth++) {
    const part = (runs / (kills + 2)) * nth
    const done = () => count(`function_invocation where status = 'SUCCEEDED'`)
    await expect.poll(done, { interval: 10 }).toBeGreaterThan(part)
    expect(await isLeft(), `kill ${nth} comes before the end`).toBeGreaterThan(0)
    await kill()
    await db.end()
    await start()
  }
  await expect.poll(isLeft).toBe(0)
  await expect.poll(() => count(`function_invocation where status = 'RUNNING'`)).toBe(0)

  const invocations = await allInvocations(created.id)
  const succeeded = invocations.filter(({ status }) => status === 'SUCCEEDED')
  expect(new Set(succeeded.map(({ result }) => result.payload))).toEqual(new Set(bodies))
  expect(
    succeeded.every(
      ({ args, result }) => (args as { message: MessageDocument }).message.body === result.payload,
    ),
  ).toBe(true)
  const others = invocations.filter(({ status }) => status !== 'SUCCEEDED')
  expect(others.length, 'what a kill interrupted, and no more').toBeLessThanOrEqual(kills * 12)
  for (const { result } of others) expect(result).toMatchObject({ error: { name: 'InterruptedError' } })
  expect(succeeded.length - runs, 'what was done and not noted in time').toBeLessThanOrEqual(kills * 12)
})
