import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type ServerProcess, spawnServer, startServerProcess } from './support/process.ts'
import { cloneDatabase } from './support/server.ts'

let home: string
let running: ServerProcess[] = []
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-main-'))
})
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  running = []
})
afterAll(async () => {
  // Takes over whatever a killed server left behind, and stops it.
  await (await start()).end('SIGTERM')
  await rm(home, { recursive: true, force: true })
})

async function start(settings: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServerProcess({ CHATTERIE_HOME: home, ...settings })
  running.push(server)
  return server
}

async function token(url: string, clientId: string, clientSecret: string): Promise<string> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { access_token: string }).access_token
}

async function kept(): Promise<{ clientId: string; clientSecret: string; apiKey: string }> {
  return JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8'))
}

it('the first start prints credentials that work, the second one says where they are kept', async () => {
  const first = await start()
  await expect.poll(() => first.output(), { timeout: 15_000 }).toContain('Try it')
  const { clientId, clientSecret, apiKey } = await kept()
  for (const value of [clientId, clientSecret, apiKey, first.url.replace('127.0.0.1', 'localhost')]) {
    expect(first.output()).toContain(value)
  }
  expect((await stat(join(home, 'credentials.json'))).mode & 0o077).toBe(0)
  await token(first.url, clientId, clientSecret)
  expect(await first.end('SIGTERM')).toBe(0)

  const second = await start()
  await expect.poll(() => second.output(), { timeout: 15_000 }).toContain('Try it')
  expect(second.output()).toContain(clientId)
  expect(second.output()).toContain('credentials.json')
  expect(second.output()).not.toContain(clientSecret)
  expect(await second.end('SIGINT')).toBe(0)
})

it('what was answered is there after a kill -9', async () => {
  const first = await start()
  const { clientId, clientSecret } = await kept()
  const headers = {
    authorization: `Bearer ${await token(first.url, clientId, clientSecret)}`,
    'content-type': 'application/json',
  }
  const answer = await fetch(`${first.url}/v1/users`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'survivor', displayName: 'Survivor', isGuest: false }),
  })
  expect(answer.status).toBe(200)
  await first.end('SIGKILL')

  const second = await start()
  const found = await fetch(`${second.url}/v1/users?name=survivor`, { headers })
  expect(await found.json()).toMatchObject({ page: { totalElements: 1 } })
  await second.end('SIGTERM')
})

it('a stop lets a request finish that has begun', async () => {
  const server = await start()
  const { clientId, clientSecret } = await kept()
  const bearer = await token(server.url, clientId, clientSecret)
  const body = JSON.stringify({ name: 'in-flight', displayName: 'In flight', isGuest: false })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(
    `POST /v1/users HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${bearer}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
  )
  await once(socket, 'connect')
  // Another request that is answered says that the server has read the first half.
  await fetch(`${server.url}/health`)
  const ended = server.end('SIGTERM')
  await expect
    .poll(
      () =>
        fetch(`${server.url}/health`).then(
          () => 'open',
          () => 'closed',
        ),
      { timeout: 15_000 },
    )
    .toBe('closed')
  socket.write(body.slice(10))
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200/)
  expect(await ended).toBe(0)
})

it('credentials of the settings are created, and a changed secret replaces the old one', async () => {
  const settings = { CHATTERIE_CLIENT_ID: 'my-client', CHATTERIE_CLIENT_SECRET: 'a secret of mine' }
  const first = await start(settings)
  await token(first.url, 'my-client', 'a secret of mine')
  await first.end('SIGTERM')
  const second = await start({ ...settings, CHATTERIE_CLIENT_SECRET: 'another secret' })
  await token(second.url, 'my-client', 'another secret')
  expect(second.output()).not.toContain('another secret')
  await second.end('SIGTERM')
})

it('a first start on a database of the operator makes its home folder', async () => {
  const database = await cloneDatabase()
  const folder = join(home, 'of-its-own')
  const server = await start({ CHATTERIE_HOME: folder, DATABASE_URL: database.url })
  await expect.poll(() => server.output(), { timeout: 15_000 }).toContain('Try it')
  expect((await stat(join(folder, 'credentials.json'))).mode & 0o077).toBe(0)
  expect(await server.end('SIGTERM')).toBe(0)
  await database.drop()
})

it.each([
  [{ PORT: 'http' }, 'PORT'],
  [{ DATABASE_URL: 'mysql://localhost/x' }, 'DATABASE_URL'],
  [{ PUBLIC_URL: 'chat.example.com' }, 'PUBLIC_URL'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  [{ CHATTERIE_API_KEY: 'key' }, 'CHATTERIE_API_KEY'],
])('a wrong setting stops the start with one line that names it: %o', async (settings, name) => {
  const server = await spawnServer({ CHATTERIE_HOME: home, PORT: '0', ...settings } as Record<string, string>)
  const [code] = await once(server.child, 'close')
  expect(code).toBe(1)
  expect(server.output().trim().split('\n')).toHaveLength(1)
  expect(server.output()).toContain(name)
})
