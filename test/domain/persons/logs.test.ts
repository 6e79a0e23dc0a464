// What a server logs, at its most talkative, names nobody: neither while a person is there, nor as it is erased, nor
// afterwards. The server is the one that operators start, with its own Postgres; both streams and its files are read.
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { connectApi } from '@chatkitty/core'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chatterie } from '../../cli/run.ts'
import { connect, disconnect, done, environmentOf } from '../../conformance/realtime.ts'
import type { Wire } from '../../conformance/wire-tap.ts'
import { type Browser, signIn } from '../../support/admin.ts'
import { type ServerProcess, startServerProcess } from '../../support/process.ts'
import { Receiver } from '../../webhooks/receiver.ts'

const password = 'correct horse battery staple'
const credentials = { clientId: 'app', clientSecret: uuid(), apiKey: uuid() }
const name = `trillian-${uuid().slice(0, 8)}`
const displayName = `Tricia McMillan ${uuid().slice(0, 8)}`
const words = [name, displayName, encodeURIComponent(displayName)]

let home: string
let server: ServerProcess
let receiver: Receiver
let owner: Browser
let token: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-logs-'))
  receiver = await Receiver.open()
  server = await startServerProcess({
    CHATTERIE_HOME: home,
    CHATTERIE_CLIENT_ID: credentials.clientId,
    CHATTERIE_CLIENT_SECRET: credentials.clientSecret,
    CHATTERIE_API_KEY: credentials.apiKey,
    CHATTERIE_ADMIN_PASSWORD: password,
    LOG_LEVEL: 'trace',
    LOG_FORMAT: 'json',
    SLOW_STATEMENT_MS: '1',
    TEST_API: 'on',
  })
  owner = await signIn(server, 'admin', password)
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${credentials.clientId}:${credentials.clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  token = ((await answer.json()) as { access_token: string }).access_token
})
afterAll(async () => {
  await server.end('SIGTERM')
  receiver.close()
  await rm(home, { recursive: true, force: true })
})

/** @returns the answer, whatever it is */
async function ask(method: string, path: string, body?: unknown) {
  const isForm = body instanceof FormData
  const answer = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: isForm || typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}

async function made(path: string, body: unknown) {
  const answer = await ask('POST', path, body)
  expect(answer).toMatchObject({ status: expect.toBeOneOf([200, 202]) })
  return answer.body
}

const admin = async (method: 'get' | 'post' | 'delete' | 'patch', path: string, body?: object) =>
  owner.send(method, `/applications/1${path}`, body)

async function ended(id: number) {
  const state = async () => (await admin('get', `/jobs/${id}`)).body.state
  await expect.poll(state).toMatch(/FINISHED|FAILED/)
}

async function deploy(type: string, handlerScript: string) {
  const { id } = await made('/runtimes/nodejs/functions', { type, name: type })
  await made(`/functions/${id}/versions`, { handlerScript })
}

function file(type: string, text: string): FormData {
  const form = new FormData()
  form.append('file', new Blob([text], { type }), `${name}.json`)
  return form
}

const failing = `async (event) => {
  console.log(event.user.name, event)
  throw new Error(event.user.displayName + ' did it')
}`

/** Everything that names the person, said well and badly, through each door. */
async function live(): Promise<number> {
  const person = await made('/users', {
    name,
    displayName,
    isGuest: false,
    properties: { call: displayName },
  })
  const friend = await made('/users', { name: 'friend', displayName: 'Friend', isGuest: false })
  await ask('POST', '/users', { name, displayName, isGuest: false })
  await ask('POST', '/users', {
    name: displayName.repeat(50),
    displayName: [displayName],
    [name]: displayName,
  })
  await ask('POST', '/users', `{"name": ${displayName}`)
  await ask('GET', `/users?name=${name}&size=${name}`)
  await ask('GET', `/users/${name}`)
  await ask('GET', `/${name}/${encodeURIComponent(displayName)}`)
  await ask(name.toUpperCase(), `/users/${name}`)
  await ask('PUT', `/users/${person.id}/secrets/${name}`, { secret: { of: name } })
  await ask('POST', `/users/${person.id}/display-picture`, file('image/png', `no picture of ${name}`))

  await deploy('user.sent.message', failing)
  await deploy('user.started.chat_session', failing)
  await owner
    .send('post', '/applications/1/webhooks', { url: receiver.url, events: ['*'], description: displayName })
    .expect(201)
  const nowhere = await owner
    .send('post', '/applications/1/webhooks', { url: `http://${name}.invalid/${name}`, events: ['*'] })
    .expect(201)
  receiver.answers.push(
    ...Array.from({ length: 5 }, () => ({ status: 500, body: `what of ${name} and ${displayName}?` })),
  )

  const members = [{ id: person.id }, { id: friend.id }]
  const channel = await made('/channels', { type: 'PRIVATE', name: `of-${name}`, displayName, members })
  await ask('POST', '/channels', { type: 'PRIVATE', name: `of-${name}`, displayName, members })
  const path = `/channels/${channel.id}/messages`
  const user = { username: name }
  const message = await made(path, {
    type: 'TEXT',
    body: `I am ${displayName}, http://${name}.invalid`,
    user,
  })
  await ask('POST', path, { type: 'TEXT', body: [displayName], user: { username: `${name}.sr` } })
  const letter = file('text/plain', displayName)
  letter.append('username', name)
  expect(await ask('POST', path, letter)).toMatchObject({ status: 200 })
  await ask('GET', `${path}?query=${encodeURIComponent(displayName)}&start=${name}`)
  await ask('PATCH', `/messages/${message.id}`, { body: displayName, properties: name })
  for (const [kind, items] of [
    ['users', [{ name, displayName, isGuest: false }, { name: [name] }]],
    ['messages', [{ type: 'TEXT', channelId: channel.id, user: `${name}.jr`, body: displayName }]],
  ] as const) {
    const job = await ask('POST', `/imports/${kind}`, file('application/json', JSON.stringify(items)))
    if (job.status === 202) await ended(job.body.id)
    const broken = await ask('POST', `/imports/${kind}`, file('application/json', `[{"name": ${displayName}`))
    if (broken.status === 202) await ended(broken.body.id)
  }

  const there = { url: server.url }
  const { apiKey } = credentials
  const device = await connect(there, { apiKey }, name, { password: `${name}'s`, of: displayName })
  const { channel: found } = await done(device.client.retrieveChannel(channel.id))
  device.client.startChatSession({ channel: found })
  await device.client.sendMessage({ channel: found, body: `@${name}: ${displayName}` })
  await device.client.sendKeystrokes({ channel: found, keys: displayName })
  await device.client.createChannel({ type: 'PUBLIC', name: `of-${name}` } as never)
  await device.client.createChannel({ type: name, name: displayName } as never)
  await device.client.updateCurrentUser((user) => ({ ...user, displayName: displayName.repeat(99) }))
  await disconnect(device)
  for (const frame of [
    `SEND\ndestination:/application/v1/${name}.relay\n\n{}\0`,
    `SUBSCRIBE\nid:${name}\ndestination:/topic/v1/channels/${name}\n\n\0`,
    `${name.toUpperCase()}\n\n\0`,
    `SEND\ndestination:/application/v1/user.createChannel\n${name}\n\n{"name": ${displayName}\0`,
  ]) {
    await said(device.wire, frame)
  }

  const watched = await again()
  await admin('post', `/users/${person.id}/ban`, { reason: `${displayName} shouts` })
  await watched.dispose()
  await refusedToConnect()
  await ask('POST', path, { type: 'TEXT', body: displayName, user })
  await admin('delete', `/users/${person.id}/ban`)
  await admin('get', `/messages?query=${encodeURIComponent(displayName)}&username=${name}&from=${name}`)
  await admin('get', `/users?name=${name}&limit=${name}`)
  for (const username of [name, displayName]) {
    await fetch(`${server.url}/admin/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: displayName }),
    })
  }
  await decided(`{"allow": false, "message": "no ${displayName} here"}`)
  await decided(`${displayName} is no JSON`)
  await expect.poll(() => receiver.types()).toContain('message.created')
  await admin('delete', `/webhooks/${nowhere.body.id}`)
  return person.id
}

/** Says something on a new connection, begun as a client has begun its own, and waits until that is over. */
async function said({ sockets, frames }: Wire, frame: string) {
  const socket = new WebSocket(sockets[0]?.url ?? '')
  const headers = frames.find(({ command }) => command === 'CONNECT')?.headers ?? {}
  const lines = Object.entries(headers).map(([key, value]) => `${key}:${value}`)
  const heard: string[] = []
  socket.onmessage = ({ data }) => heard.push(String(data))
  await once(socket, 'open')
  socket.send(['CONNECT', ...lines, '', '\0'].join('\n'))
  await expect.poll(() => heard.join()).toContain('CONNECTED')
  socket.send(frame)
  await expect.poll(() => heard.length).toBeGreaterThan(1)
  socket.close()
}

/** Somebody is asked whether the person may connect, and answers so. */
async function decided(answer: string) {
  const deciding = await Receiver.open()
  deciding.answers.push({ status: 200, body: answer })
  const events = ['user.attempted.start_session']
  const { body } = await admin('post', '/webhooks', { url: deciding.url, events })
  await refusedToConnect()
  await admin('delete', `/webhooks/${body.id}`)
  deciding.close()
}

/** The person comes with a client that nobody watches. */
function again() {
  const { apiKey } = credentials
  return connectApi({
    apiKey,
    username: name,
    authParams: { of: displayName },
    $environment: environmentOf(server),
  })
}

const refusedToConnect = () => expect(again()).rejects.toBeDefined()

/** Files of the server but those in which Postgres keeps rows, which the database is asked for. */
async function filesWith(text: string): Promise<string[]> {
  const all = await readdir(home, { recursive: true, withFileTypes: true })
  const files = all.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const ours = files.filter((path) => !/^postgres\/data\/(base|global|pg_\w+)\//.test(relative(home, path)))
  expect(ours.length).toBeGreaterThan(2)
  const found = await Promise.all(
    ours.map(async (path) =>
      path.includes(text) || (await readFile(path, 'latin1')).includes(text) ? [path] : [],
    ),
  )
  return found.flat()
}

const linesWith = (text: string) =>
  server
    .output()
    .split('\n')
    .filter((line) => line.toLowerCase().includes(text.toLowerCase()))

it('no line of the log contains the name of a person, and no file or dump does after its erasure', async () => {
  const id = await live()
  const { body: job } = await admin('post', `/users/${id}/erase`, { messages: 'delete' })
  await ended(job.id)
  const closed = { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' }
  expect(await ask('PUT', '/application/settings', closed)).toMatchObject({ status: 200 })
  await refusedToConnect()
  await ask('GET', `/users/${name}`)
  await ask('POST', '/channels/1/messages', { type: 'TEXT', body: 'x', user: { username: name } })

  const dump = join(home, 'all.gz')
  const { code, stderr } = await chatterie(['dump', dump], { CHATTERIE_HOME: home })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const dumped = gunzipSync(await readFile(dump))
    .toString()
    .toLowerCase()
  expect(linesWith(token), 'lines with a secret').toEqual([])
  for (const word of words) {
    expect(linesWith(word), 'lines of the log').toEqual([])
    expect(dumped.split('\n').filter((line) => line.includes(word.toLowerCase()))).toEqual([])
  }
  expect(linesWith('"level":30').length, 'it was listened to').toBeGreaterThan(50)
  // What nothing shows any more is swept away every half a minute.
  const moved = await fetch(`${server.url}/_test/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ seconds: 30 }),
  })
  expect(moved.status).toBe(200)
  const files = async () => (await Promise.all(words.map(filesWith))).flat()
  await expect.poll(files, { interval: 1_000 }).toEqual([])
})
