import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chatterie, type Ran, type RunningServer, startByCommand } from './run.ts'

const home = join(tmpdir(), `chatterie-cli-${uuid()}`)
let server: RunningServer
beforeAll(async () => {
  server = await startByCommand({ CHATTERIE_HOME: home })
})
afterAll(async () => {
  await server.stop()
  await rm(home, { recursive: true, force: true })
})

const local = (...args: string[]): Promise<Ran> => chatterie(['functions', ...args], { CHATTERIE_HOME: home })
const run = (...args: string[]): Promise<Ran> => local(...args, '--url', server.url)

async function fileOf(text: string, name = `${uuid()}.ts`): Promise<string> {
  const path = join(home, name)
  await writeFile(path, text)
  return path
}

const refusing = `async function handleEvent(event: { username: string }) {
  console.log('asked about', event.username)
  throw new Error('Nobody gets in')
}`
const welcoming = `async function handleEvent() { return 'welcome' }`

it('deploys, tests, follows and switches off a function', async () => {
  const type = 'user.attempted.start_session'
  const first = await run('deploy', type, await fileOf(refusing), '--json')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  const { id } = JSON.parse(first.stdout)
  expect(JSON.parse(first.stdout)).toEqual({ id, type, name: type, versionNumber: 1, created: true })

  const { attempt, api } = await user()
  expect(await attempt()).toBe('Nobody gets in')
  const logs = await run('logs', type)
  expect(logs).toMatchObject({ code: 0, stderr: '' })
  expect(logs.stdout).toMatch(/^--- \d+ \S+Z FAILED\n\S+Z info {2}asked about jane\nError: Nobody gets in\n/)
  const listed = await run('invocations', String(id), '--json')
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { status: 'FAILED', versionNumber: 1, args: { username: 'jane' }, logs: [{ level: 'info' }] },
  ])
  expect((await run('invocations', type)).stdout).toMatch(/FAILED +\d+ ms +Error: Nobody gets in\n$/)

  const second = await run('deploy', type, await fileOf(welcoming))
  expect(second).toMatchObject({
    code: 0,
    stdout: `Version 2 of function ${id} (${type}) runs from now on.\n`,
  })
  expect(await attempt()).toBe('CONNECTED')

  await run('deploy', type, await fileOf(refusing))
  expect(await local('disable', type)).toMatchObject({ code: 0, stdout: expect.stringContaining('no more') })
  expect(await attempt()).toBe('CONNECTED')
  expect((await api(`/functions/${id}`)).enabled).toBe(false)
  expect(JSON.parse((await local('enable', String(id), '--json')).stdout)).toMatchObject({
    id,
    enabled: true,
  })
  expect(await attempt()).toBe('Nobody gets in')
  const audit = await chatterie(['audit', '--action', 'function.updated', '--json'], { CHATTERIE_HOME: home })
  const act = { actor: { type: 'command_line' }, target: { type: 'function', id: String(id) } }
  expect(JSON.parse(audit.stdout)).toMatchObject([
    { ...act, details: { enabled: true } },
    { ...act, details: { enabled: false } },
  ])
})

it('several functions of one type are distinguished by name or id', async () => {
  const type = 'user.sent.message'
  const file = await fileOf(welcoming)
  for (const name of ['one', 'two']) {
    expect(await run('deploy', type, file, '--name', name)).toMatchObject({ code: 0 })
  }
  expect(JSON.parse((await run('deploy', type, file, '--name', 'two', '--json')).stdout)).toMatchObject({
    name: 'two',
    versionNumber: 2,
    created: false,
  })
  for (const args of [
    ['deploy', type, file],
    ['logs', type],
    ['invocations', type],
  ]) {
    const { code, stderr } = await run(...args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/several.*one.*two/) })
  }
})

it('test runs a file locally, with the event, the modules and the variables that it is given', async () => {
  const modules = join(home, 'with-modules')
  await mkdir(join(modules, 'node_modules/greeter'), { recursive: true })
  await writeFile(
    join(modules, 'node_modules/greeter/index.js'),
    `module.exports = (name) => 'Hello ' + name`,
  )
  const file = await fileOf(`import greet from 'greeter'
    export async function handleEvent(event: { name: string }, context: Context) {
      console.warn('about to greet')
      const { data } = await context.getApplicationApi().retrieveApplication()
      return [greet(event.name), process.env.MOOD, data.id]
    }`)
  const options = ['--modules', modules, '--env', 'MOOD=a = b']
  const inline = await run('test', file, '--event', '{"name":"Jane"}', ...options, '--json')
  expect(inline).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(inline.stdout)).toMatchObject({
    status: 'SUCCEEDED',
    result: ['Hello Jane', 'a = b', 1],
    logs: [{ level: 'warn', text: 'about to greet' }],
  })
  const event = await fileOf('{"name":"Joe"}', 'event.json')
  const { stdout } = await run('test', file, '--event', event, ...options)
  expect(stdout).toMatch(/ warn {2}about to greet\nSUCCEEDED in \d+ ms\n/)
  expect(stdout).toContain('Hello Joe')
})

it('test gives a function the time that the server gives one of its type', async () => {
  const fileThatTakes = (ms: number) =>
    fileOf(`async function handleEvent() { await new Promise((end) => setTimeout(end, ${ms})) }`)
  const settings = { CHATTERIE_HOME: home, FUNCTION_BLOCKING_TIMEOUT_SECONDS: '1' }
  const refused = await chatterie(['functions', 'test', await fileThatTakes(60_000)], settings)
  expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('more than 1000 ms') })
  const slow = await fileThatTakes(1_100)
  const later = await chatterie(['functions', 'test', slow, '--type', 'user.sent.message'], settings)
  expect(later).toMatchObject({ code: 0, stdout: expect.stringContaining('SUCCEEDED') })
})

it('test fails where the function fails, and needs no server where the function needs none', async () => {
  const file = await fileOf(`async function handleEvent() {\n  throw new TypeError('Not like this')\n}`)
  const elsewhere = ['--url', 'http://127.0.0.1:1']
  const { code, stdout } = await local('test', file, ...elsewhere)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^FAILED in \d+ ms\nTypeError: Not like this\n.*function\.ts:2/)
  expect(await local('test', await fileOf(welcoming), ...elsewhere)).toMatchObject({ code: 0 })
})

it('an invalid script is reported with line and column before anything is created', async () => {
  const file = await fileOf('async function handleEvent() {\n  return +\n}')
  for (const args of [
    ['deploy', 'user.read.message', file],
    ['test', file],
  ]) {
    const { code, stderr } = await run(...args)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`${file}:3:1: `) })
  }
  expect((await run('logs', 'user.read.message')).stderr).toContain(
    'There is no function of user.read.message',
  )
})

it.each([
  ['an event that does not exist', ['deploy', 'user.ate.message', 'x.ts'], 'user.sent.message'],
  ['a file that does not exist', ['deploy', 'user.sent.message', 'nowhere.ts'], 'nowhere.ts'],
  ['an event that is no JSON', ['test', 'test/cli/run.ts', '--event', '{'], 'JSON'],
  ['a variable without a value', ['test', 'test/cli/run.ts', '--env', 'A'], 'NAME=value'],
  ['an invalid limit', ['logs', 'user.sent.message', '--limit', 'all'], '--limit'],
  ['no function', ['logs'], 'function'],
])('%s is a usage error', async (_, args, hint) => {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(hint)
})

/** The user Jane, who can try to connect, and access to the REST API. */
async function user() {
  const { apiKey, clientId, clientSecret } = JSON.parse(
    await readFile(join(home, 'credentials.json'), 'utf8'),
  )
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const headers = { authorization: `Bearer ${token}` }
  return {
    api: async (path: string) =>
      (await fetch(`${server.url}/v1${path}`, { headers })).json() as Promise<{ enabled: boolean }>,
    /** @returns the reason why the connection is refused, or the CONNECTED frame */
    attempt: () =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(
          `${server.url.replace('http', 'ws')}/rtm/websocket?api-key=${apiKey}`,
          'v12.stomp',
        )
        socket.onopen = () => socket.send('CONNECT\naccept-version:1.2\nStompX-User:jane\n\n\0')
        socket.onerror = reject
        socket.onmessage = ({ data }) => {
          const [command = ''] = String(data).split('\n')
          const body = String(data).split('\n\n')[1]?.replace('\0', '') ?? ''
          resolve(command === 'ERROR' ? JSON.parse(body).message : command)
          socket.close()
        }
      }),
  }
}
