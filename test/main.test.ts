import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { findEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { chatterie, startByCommand } from './cli/run.ts'
import { postmasterPid } from './support/embedded.ts'
import { isAlive } from './support/is-alive.ts'
import { patienceMs } from './support/patience.ts'
import { failedStart, type ServerProcess, spawnServer, startServerProcess } from './support/process.ts'
import { cloneDatabase } from './support/server.ts'

let home: string
let running: ServerProcess[] = []
/** One that a test was done with and left to the next, which takes it by `ready`. */
let left: { server: ServerProcess; settings: Record<string, string> } | undefined
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-main-'))
})
afterEach(async () => {
  for (const server of running) {
    if (server !== left?.server) server.child.kill('SIGKILL')
  }
  running = []
})
afterAll(async () => {
  await endLeft()
  const ended = () => expect(postmasterPid(home)).rejects.toThrow('ENOENT')
  await vi.waitFor(ended, { timeout: patienceMs }) // soon after a server that was killed
  await rm(home, { recursive: true, force: true })
})

async function start(settings: Record<string, string> = {}): Promise<ServerProcess> {
  await endLeft()
  const server = await startServerProcess({ CHATTERIE_HOME: home, ...settings })
  running.push(server)
  return server
}

/** The server that the test before has left, if it has these settings; else one that is started. */
async function ready(settings: Record<string, string> = {}): Promise<ServerProcess> {
  if (!isDeepStrictEqual(left?.settings, settings)) return start(settings)
  const { server } = left as NonNullable<typeof left>
  left = undefined
  running.push(server)
  return server
}

async function endLeft(): Promise<void> {
  await left?.server.end('SIGTERM')
  left = undefined
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

it('the first start prints credentials that work, the second one says where they are stored', async () => {
  const first = await start()
  await expect.poll(() => first.output()).toContain('Try it')
  const { clientId, clientSecret, apiKey } = await kept()
  for (const value of [clientId, clientSecret, apiKey, first.url.replace('127.0.0.1', 'localhost')]) {
    expect(first.output()).toContain(value)
  }
  expect((await stat(join(home, 'credentials.json'))).mode & 0o077).toBe(0)
  await token(first.url, clientId, clientSecret)
  expect(await first.end('SIGTERM')).toBe(0)

  const second = await start()
  await expect.poll(() => second.output()).toContain('Try it')
  expect(second.output()).toContain(clientId)
  expect(second.output()).toContain('credentials.json')
  expect(second.output()).not.toContain(clientSecret)
  expect(await second.end('SIGINT')).toBe(0)
})

it('what was answered is stored after a kill -9', async () => {
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
  left = { server: second, settings: {} }
})

it('a stop lets running requests finish', async () => {
  const server = await ready()
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
    .poll(() =>
      fetch(`${server.url}/health`).then(
        () => 'open',
        () => 'closed',
      ),
    )
    .toBe('closed')
  socket.write(body.slice(10))
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200/)
  expect(await ended).toBe(0)
})

it('a second signal shortens a stop that is delayed, and aborts nothing', async () => {
  const server = await start()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write('POST /v1/users HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{')
  await once(socket, 'connect')
  await fetch(`${server.url}/health`)
  const postmaster = await postmasterPid(home)
  const impatient = setInterval(() => server.child.kill('SIGINT'), 300)
  expect(await server.end('SIGINT')).toBe(0)
  clearInterval(impatient)
  await expect.poll(() => isAlive(postmaster)).toBe(false) // until the system has buried it
  socket.destroy()
})

it('Ctrl-C, pressed twice through npm start, stops everything', async () => {
  const npm = spawn('npm', ['start'], {
    env: { PATH: process.env.PATH, HOME: home, CHATTERIE_HOME: home, PORT: '0', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a process group of its own, as in a terminal
  })
  let output = ''
  npm.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const ended = once(npm, 'close')
  await expect.poll(() => output).toContain('oauth/token')
  const postmaster = await postmasterPid(home)
  for (let press = 0; press < 2; press++) process.kill(-(npm.pid ?? 0), 'SIGINT')
  await ended
  // npm may leave before the server does.
  await expect.poll(() => isAlive(postmaster)).toBe(false)
  await expect(postmasterPid(home)).rejects.toThrow('ENOENT')
})

it('a signal during the start ends it, and leaves nothing running', async () => {
  const folder = join(home, 'interrupted')
  const server = await spawnServer({ CHATTERIE_HOME: folder })
  await expect.poll(() => stat(join(folder, 'postgres')).catch(() => null), { interval: 5 }).not.toBe(null)
  expect(await server.end('SIGTERM')).toBe(0)
  expect(server.output()).toBe('')
  await expect(postmasterPid(folder)).rejects.toThrow('ENOENT')
})

const given = { CHATTERIE_CLIENT_ID: 'my-client', CHATTERIE_CLIENT_SECRET: 'a secret of mine' }

it('credentials from the settings are created, and never printed', async () => {
  const server = await start(given)
  await expect.poll(() => server.output()).toContain('oauth/token')
  await token(server.url, 'my-client', 'a secret of mine')
  expect(server.output()).toContain('(from CHATTERIE_CLIENT_SECRET)')
  expect(server.output()).not.toContain('a secret of mine')
  left = { server, settings: given }
})

it('a rotated secret stays valid after a start whose settings have the old one, which logs a warning', async () => {
  const first = await ready(given)
  const rotation = ['applications', 'rotate-secret', 'my-client', '--json']
  const { stdout } = await chatterie(rotation, { CHATTERIE_HOME: home })
  const { clientSecret } = JSON.parse(stdout)
  await first.end('SIGTERM')

  const second = await start(given)
  await expect.poll(() => second.output()).toContain('oauth/token')
  expect(second.output()).toContain('CHATTERIE_CLIENT_SECRET is not in force')
  expect(second.output()).not.toContain('a secret of mine')
  await token(second.url, 'my-client', clientSecret)
  await expect(token(second.url, 'my-client', 'a secret of mine')).rejects.toThrow('401')
  left = { server: second, settings: given }
})

it('processes that a killed server started end within seconds', async () => {
  const server = await ready(given)
  const postmaster = await postmasterPid(home)
  await server.end('SIGKILL')
  await expect.poll(() => isAlive(postmaster)).toBe(false)
  await expect(postmasterPid(home)).rejects.toThrow('ENOENT')
})

it('a home folder of a newer version is refused by an older one, in one line', async () => {
  const folder = join(home, 'newer')
  const first = await start({ CHATTERIE_HOME: folder })
  const db = new pg.Client({ connectionString: (await findEmbeddedPostgres(join(folder, 'postgres'))) ?? '' })
  await db.connect()
  await db.query(`insert into _prisma_migrations (id, checksum, migration_name, finished_at)
    values ('newer', '', '29991231235959_hovering_messages', now())`)
  await db.end()
  await first.end('SIGTERM')
  expect(await failedStart({ CHATTERIE_HOME: folder, LOG_LEVEL: 'error' })).toMatch(
    /^Chatterie cannot start: CHATTERIE_HOME .+ a newer version of Chatterie .+\n$/,
  )
  await expect(postmasterPid(folder)).rejects.toThrow('ENOENT')
})

it('a wrong encryption key ends the start at once; after a rotation the old key is no longer needed', async () => {
  const [old, fresh] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
  const settings = (keys: string) => ({
    CHATTERIE_HOME: join(home, 'keys'),
    CHATTERIE_ENCRYPTION_KEY: keys,
    CHATTERIE_CLIENT_SECRET: 'test-secret',
    CHATTERIE_CLIENT_ID: 'keys',
  })
  const first = await start(settings(old))
  const headers = (bearer: string) => ({
    authorization: `Bearer ${bearer}`,
    'content-type': 'application/json',
  })
  const send = async (server: ServerProcess, method: string, path: string, body?: unknown) => {
    const bearer = await token(server.url, 'keys', 'test-secret')
    return fetch(`${server.url}/v1${path}`, {
      method,
      headers: headers(bearer),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).then((answer) => answer.json()) as Promise<{ id: number; secret: unknown }>
  }
  const { id } = await send(first, 'POST', '/users', { name: 'jane', displayName: 'Jane', isGuest: false })
  await send(first, 'PUT', `/users/${id}/secrets/pin`, { secret: 1234 })
  await first.end('SIGTERM')

  const wrong = await failedStart(settings(fresh))
  expect(wrong).toMatch(/^Chatterie cannot start: CHATTERIE_ENCRYPTION_KEY is wrong: .+\n$/)
  expect(wrong).not.toContain(fresh)

  const second = await start(settings(`${fresh},${old}`))
  const reseal = await chatterie(['keys', 'reseal', '--json'], settings(`${fresh},${old}`))
  expect(reseal).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(reseal.stdout)).toMatchObject({ resealed: 1, unreadable: 0 })
  expect(await send(second, 'GET', `/users/${id}/secrets/pin`)).toMatchObject({ secret: 1234 })
  await second.end('SIGTERM')

  const third = await start(settings(fresh))
  expect(await send(third, 'GET', `/users/${id}/secrets/pin`)).toMatchObject({ secret: 1234 })
  await third.end('SIGTERM')
  const stderr = expect.stringContaining('CHATTERIE_ENCRYPTION_KEY is wrong')
  expect(await chatterie(['keys', 'reseal'], settings(old))).toMatchObject({ code: 1, stderr })
})

it('variables for another Postgres do not concern the embedded one', async () => {
  const server = await start({ PGSSLMODE: 'require', PGOPTIONS: '-c search_path=elsewhere', PGUSER: 'me' })
  expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  expect(await server.end('SIGTERM')).toBe(0)
})

it('a first start on a database of the operator creates its home folder', async () => {
  const database = await cloneDatabase()
  const folder = join(home, 'of-its-own')
  const server = await start({ CHATTERIE_HOME: folder, DATABASE_URL: database.url })
  await expect.poll(() => server.output()).toContain('Try it')
  expect((await stat(join(folder, 'credentials.json'))).mode & 0o077).toBe(0)
  expect(await server.end('SIGTERM')).toBe(0)
  await database.drop()
})

it.each([
  ['0.0.0.0', 'localhost'],
  ['::', 'localhost'],
  ['::1', 'localhost'],
  ['::ffff:127.0.0.1', '[::ffff:127.0.0.1]'],
])('a server at %s prints a URL at %s', async (host, printed) => {
  const database = await cloneDatabase()
  const server = await startByCommand({
    CHATTERIE_HOME: join(home, 'at-hosts'),
    DATABASE_URL: database.url,
    HOST: host,
  })
  await server.stop()
  await database.drop()
  expect(server.url).toMatch(/:\d+$/)
  expect(server.url.replace(/:\d+$/, () => '')).toBe(`http://${printed}`)
})
