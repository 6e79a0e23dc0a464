import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { findLauncher } from '../support/compiled.ts'
import { isAlive } from '../support/is-alive.ts'
import { chatterie, type Ran } from './run.ts'

const launcher = await findLauncher()
let running: ChildProcess[] = []
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running = []
})

interface Facts {
  url: string
  clientId: string
  clientSecret: string
  apiKey: string
  accessToken: string
}

/** Runs `chatterie start --ephemeral`, and resolves once it has printed its output. */
async function start(args: string[] = [], settings: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    [launcher, 'start', '--ephemeral', '--port', '0', '--json', ...args],
    {
      env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...settings },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  running.push(child)
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  return { child, facts: JSON.parse(line) as Facts, home: await homeOf(child) }
}

/** The ephemeral home folder of the process. */
async function homeOf({ pid }: ChildProcess): Promise<string> {
  for (const base of ['/dev/shm', tmpdir()]) {
    for (const name of await readdir(base).catch(() => [])) {
      const home = join(base, name)
      const owner = await readFile(join(home, 'postgres', 'owner.pid'), 'utf8').catch(() => '')
      if (owner === `${pid}\n`) return home
    }
  }
  throw new Error('The process has no home')
}

async function postmasterOf(home: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8'), 10)
}

it('prints all that a test needs, serves the test API, has its own database, and leaves nothing behind after SIGTERM', async () => {
  const database = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/of-the-application' }
  const { facts, child, home } = await start([], database)
  expect(facts).toEqual({
    url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    clientId: expect.any(String),
    clientSecret: expect.any(String),
    apiKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    accessToken: expect.any(String),
  })
  const authorization = `Bearer ${facts.accessToken}`
  const application = await fetch(`${facts.url}/v1/application`, { headers: { authorization } })
  expect(await application.json()).toMatchObject({ key: facts.apiKey })
  expect((await fetch(`${facts.url}/_test/worlds`)).status).toBe(200)
  await expectNothingLeft(child, home, 'SIGTERM')
})

it('leaves nothing behind after SIGINT', async () => {
  const { child, home } = await start()
  await expectNothingLeft(child, home, 'SIGINT')
})

async function expectNothingLeft(child: ChildProcess, home: string, signal: NodeJS.Signals): Promise<void> {
  const postmaster = await postmasterOf(home)
  child.kill(signal)
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(existsSync(home)).toBe(false)
  expect(isAlive(postmaster)).toBe(false)
}

it('leaves nothing behind within seconds of a kill -9', async () => {
  const { child, home } = await start()
  const postmaster = await postmasterOf(home)
  child.kill('SIGKILL')
  await expect.poll(() => [existsSync(home), isAlive(postmaster)]).toEqual([false, false])
})

it('ends with its standard input where an option says so', async () => {
  const { child, home } = await start(['--until-input-ends'])
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(existsSync(home)).toBe(false)
})

/** Runs a Node script with `chatterie exec`. */
function exec(script: string, ...options: string[]): Promise<Ran> {
  return chatterie(['exec', ...options, '--', process.execPath, '-e', script], { LOG_LEVEL: 'warn' })
}

it('exec passes the address of the server to a command, and ends with its exit code once everything is cleaned up', async () => {
  const { code, stdout } = await exec(`
    const { CHATTERIE_URL: url, CHATTERIE_ACCESS_TOKEN: token } = process.env
    const { status } = await fetch(url + '/v1/application', { headers: { authorization: 'Bearer ' + token } })
    console.log(JSON.stringify({ status, ...process.env }))
    process.exitCode = 7`)
  expect(code).toBe(7)
  const seen = JSON.parse(stdout)
  expect(seen).toMatchObject({
    status: 200,
    CHATTERIE_HOST: new URL(seen.CHATTERIE_URL).host,
    CHATTERIE_CLIENT_ID: expect.any(String),
    CHATTERIE_CLIENT_SECRET: expect.any(String),
    CHATTERIE_API_KEY: expect.any(String),
  })
  await expect(fetch(seen.CHATTERIE_URL)).rejects.toThrow('fetch failed')
})

it('exec ends with 128 plus the number of the signal that ended its command', async () => {
  expect((await exec("process.kill(process.pid, 'SIGTERM')")).code).toBe(143)
})

it('exec forwards signals', async () => {
  const script =
    "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('up')"
  const child = spawn(process.execPath, [launcher, 'exec', '--', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).toBe(3)
})

it('exec reports a command that does not exist as a shell would', async () => {
  const { code, stderr } = await chatterie(['exec', '--', 'no-such-command'], {})
  expect({ code, stderr }).toEqual({
    code: 127,
    stderr: 'error: no-such-command: there is no such command\n',
  })
})

it('starts with a seed, and reports what is wrong with an invalid one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-seed-'))
  const [good, wrong] = [join(folder, 'good.json'), join(folder, 'wrong.json')]
  const user = { name: 'ada', displayName: 'Ada', isGuest: false, properties: {} }
  await writeFile(good, JSON.stringify({ users: [user], channels: [{ name: 'lobby', type: 'PUBLIC' }] }))
  await writeFile(wrong, JSON.stringify({ users: [user, { ...user, name: 7 }] }))
  const script = `
    const { CHATTERIE_URL: url, CHATTERIE_ACCESS_TOKEN: token } = process.env
    const answer = await fetch(url + '/v1/users', { headers: { authorization: 'Bearer ' + token } })
    console.log((await answer.json())._embedded.users.map(({ name }) => name).join())`
  expect(await exec(script, '--seed', good)).toEqual({ code: 0, stdout: 'ada\n', stderr: '' })
  const refused = await exec(script, '--seed', wrong)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(
    /^Chatterie cannot start: the seed .*wrong\.json .*: seed\.users\[1\]\.name.*\n$/,
  )
  await rm(folder, { recursive: true })
})

it('leaves nothing behind if a setting is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-refused-'))
  const withoutRoom = `data:text/javascript,
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    fs.statfsSync = () => ({ bavail: 0, bsize: 0 }) // so that the home folder is in TMPDIR
    syncBuiltinESMExports()`
  const options = ['--import', encodeURI(withoutRoom)]
  const refused = await chatterie(['start', '--ephemeral', '--port', 'http'], { TMPDIR: folder }, options)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('PORT is wrong') })
  expect((await readdir(folder)).filter((name) => name !== 'node-compile-cache')).toEqual([])
  await rm(folder, { recursive: true })
})
