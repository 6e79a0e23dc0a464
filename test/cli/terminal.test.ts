// The output of the command line, for people and for scripts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { findLauncher } from '../support/compiled.ts'
import { type ServerProcess, spawnServer } from '../support/process.ts'
import { cloneDatabase } from '../support/server.ts'
import { chatterie } from './run.ts'

let database: Awaited<ReturnType<typeof cloneDatabase>>
let home: string
let server: ServerProcess | undefined
beforeAll(async () => {
  database = await cloneDatabase()
  home = await mkdtemp(join(tmpdir(), 'chatterie-terminal-'))
})
afterEach(async () => {
  await server?.end('SIGTERM')
  server = undefined
})
afterAll(async () => {
  await database.drop()
  await rm(home, { recursive: true, force: true })
})

/** Starts a server, and resolves once it is ready. */
async function start(settings: Record<string, string> = {}): Promise<ServerProcess> {
  server = await spawnServer({ CHATTERIE_HOME: home, DATABASE_URL: database.url, ...settings })
  const { output } = server
  await expect.poll(output).toMatch(/Try it|"apiKey"/)
  return server
}

it('--version prints the version', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  expect(await chatterie(['--version'], {})).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

it('a command ends without an error when its output is closed', async () => {
  const child = spawn(process.execPath, [await findLauncher(), '--help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  const [code] = await once(child, 'close')
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
})

it('start --json prints one line on stdout, with everything a script needs', async () => {
  const own = join(home, 'json')
  const child = spawn(process.execPath, [await findLauncher(), 'start', '--json', '--port', '0'], {
    env: { PATH: process.env.PATH, CHATTERIE_HOME: own, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  child.stderr.resume()
  child.stdout.on('data', (data) => {
    stdout += data
  })
  await expect.poll(() => stdout).toContain('\n')
  const facts = JSON.parse(stdout)
  expect(facts).toEqual({
    url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    pid: child.pid,
    clientId: expect.any(String),
    clientSecret: expect.any(String),
    credentialsFile: join(own, 'credentials.json'),
    apiKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    operator: 'admin',
    operatorPassword: expect.any(String),
    operatorFile: join(own, 'operator.json'),
  })
  const answer = await fetch(`${facts.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${facts.clientId}:${facts.clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  expect(answer.status).toBe(200)
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
  expect(stdout.trim().split('\n')).toHaveLength(1)
})

it('start prints the addresses to open, and warns of a misspelt variable and of an unreachable Redis', async () => {
  const { url, output } = await start({ CHATERIE_HOME: '/tmp/x', REDIS_URL: 'redis://:hidden@127.0.0.1:1' })
  expect(output()).toContain(`│ Open ${url.replace('127.0.0.1', 'localhost')} `)
  expect(output()).toContain('Warning: CHATERIE_HOME is not a setting')
  expect(output()).toContain('Warning: REDIS_URL: nothing answers at 127.0.0.1:1')
  expect(output()).not.toContain('hidden')
})

it('start fails where Redis refuses what REDIS_URL says, and names the reason', async () => {
  const refusing = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write('-WRONGPASS invalid username-password pair\r\n'.repeat(9)))
  })
  await once(refusing.listen(0, '127.0.0.1'), 'listening')
  const { port } = refusing.address() as AddressInfo
  const settings = { DATABASE_URL: database.url, REDIS_URL: `redis://:hidden@127.0.0.1:${port}` }
  server = await spawnServer({ CHATTERIE_HOME: home, ...settings })
  const [code] = await once(server.child, 'close')
  refusing.close()
  const reason = `REDIS_URL: 127.0.0.1:${port} cannot be used: WRONGPASS invalid username-password pair`
  expect(code).toBe(1)
  expect(server.output()).toContain(`Chatterie cannot start: ${reason}\n`)
  expect(server.output()).not.toContain('hidden')
})

it('the log is JSON where stdout is no terminal, and formatted lines where a setting asks for them', async () => {
  const settings = { REDIS_URL: 'redis://127.0.0.1:1' } // unreachable, so the log contains a warning
  const json = await start(settings)
  expect(json.output()).toMatch(/^\{"level":40,.*"msg":"the connection to Redis was lost"\}$/m)
  await json.end('SIGTERM')
  const pretty = await start({ ...settings, LOG_FORMAT: 'pretty', LOG_LEVEL: 'info' })
  expect(pretty.output()).toMatch(
    /^\[[\d:]+\] WARN: the connection to Redis was lost role="\w+": .*ECONNREFUSED.*$/m,
  )
  await fetch(`${pretty.url}/health`, { headers: { 'x-request-id': 'abc' } })
  await expect.poll(() => pretty.output()).toMatch(/^\[[\d:]+\] INFO: \/health 200 [\d.]+ ms abc$/m)
  expect(pretty.output()).not.toContain('{')
})
