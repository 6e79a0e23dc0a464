// The curl lines of ChatKitty's documents, word for word; HOST, tokens and ids are what a reader puts in.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { upload } from '../support/jobs.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { mustBeCovered, observe } from './coverage.ts'
import { aTime, createFunction } from './support.ts'

const called = observe(/^curl\//)
const isInstalled = spawnSync('curl', ['--version']).status === 0

/** The files that the lines import, as the documents show their items. */
const files = {
  channels: [
    { idempotencyKey: 'unique-external-id', type: 'PUBLIC', name: 'b0a0bd55-921a-4f72-8ee3-f26c6fda0bb7' },
  ],
  members: [{ username: 'jane@chatkitty.com' }],
  messages: [{ type: 'SYSTEM_TEXT', body: 'Hello, World!' }],
  users: [{ name: 'jane@chatkitty.com', displayName: 'Jane Doe', isGuest: false, properties: {} }],
}

let server: TestServer
let folder: string
beforeAll(async () => {
  server = await shareServer()
  folder = await mkdtemp(join(tmpdir(), 'chatterie-curl-'))
  for (const [name, items] of Object.entries(files)) {
    await writeFile(join(folder, `${name}_import_file.json`), JSON.stringify(items))
  }
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const one = (fields: object) => expect.objectContaining({ ...fields, _links: expect.any(Object) })
const pageOf = (key: string) => ({
  _embedded: { [key]: expect.any(Array) },
  _links: expect.objectContaining({ self: expect.any(Object) }),
  page: expect.objectContaining({ totalElements: expect.any(Number), number: 0 }),
})
const messages = {
  _embedded: { messages: expect.any(Array) },
  _links: expect.objectContaining({ self: expect.any(Object) }),
  page: expect.objectContaining({ total: expect.any(Number) }),
}
const application = one({ id: expect.any(Number), key: expect.any(String), createdTime: aTime })
const settings = one({ features: { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' } })
const channel = one({ id: expect.any(Number), type: 'PUBLIC', name: expect.any(String), createdTime: aTime })
const message = one({ id: expect.any(Number), type: 'SYSTEM_TEXT', body: expect.any(String) })
const thread = one({ id: expect.any(Number), type: 'MAIN' })
const version = one({ versionNumber: 1, handlerScript: expect.any(String) })

type Line = [line: string, document: unknown]

describe.skipIf(!isInstalled)(`with curl${isInstalled ? '' : ', which is not installed here'}`, () => {
  describe('reference page', () => {
    it.each<Line>([
      [
        `curl -X 'GET' \\
  'HOST/v1/application' \\
  -H 'accept: application/json' \\
  -H 'Authorization: Bearer ACCESS-TOKEN'`,
        application,
      ],
      [
        `curl -X 'GET' \\
  'HOST/v1/application/settings' \\
  -H 'accept: application/json' \\
  -H 'Authorization: Bearer ACCESS-TOKEN'`,
        settings,
      ],
      [get('channels?page=0&size=5'), pageOf('channels')],
      [get('channels/CHANNEL-ID'), channel],
      [remove('channels/CHANNEL-ID'), application],
      [get('channels/CHANNEL-ID/invites?page=0&size=25'), pageOf('invites')],
      [get('channels/CHANNEL-ID/members?page=0&size=25'), pageOf('users')],
      [remove('channels/CHANNEL-ID/members/USER-ID'), channel],
      [get('channels/CHANNEL-ID/memberships?page=0&size=25'), pageOf('memberships')],
      [get('channels/CHANNEL-ID/messages'), messages],
      [get('channels/CHANNEL-ID/moderators?page=0&size=25'), pageOf('users')],
      [remove('channels/CHANNEL-ID/moderators/USER-ID'), channel],
      [get('channels/CHANNEL-ID/participants?page=0&size=25'), pageOf('users')],
      [get('function-versions/VERSION-ID'), version],
      [get('functions/FUNCTION-ID'), one({ type: 'user.attempted.start_session', enabled: true })],
      [get('functions/FUNCTION-ID/current-version'), version],
      [get('functions/FUNCTION-ID/invocations?page=0&size=25'), pageOf('invocations')],
      [get('functions/FUNCTION-ID/versions?page=0&size=25'), pageOf('versions')],
      [
        `curl --location --request  'GET' \\
  'HOST/v1/messages' \\
  -H 'accept: application/json' \\
  -H 'Authorization: Bearer ACCESS-TOKEN'`,
        messages,
      ],
      [remove('messages'), application],
      [get('jobs'), pageOf('jobs')],
      [get('jobs/JOB-ID'), one({ type: 'USER_IMPORT' })],
      [get('messages/MESSAGE-ID'), message],
      [remove('messages/MESSAGE-ID'), thread],
    ])('%s', answers)
  })

  // The documents leave out the last quote of these.
  describe.each([
    ['reference page', '  '],
    ['imports guide', ''],
  ])('%s', (_, indent) => {
    it.each([
      ['imports/channels', 'channels', 'CHANNEL_IMPORT'],
      ['imports/channels/CHANNEL-ID/members', 'members', 'CHANNEL_MEMBERS_IMPORT'],
      ['imports/messages', 'messages', 'MESSAGE_IMPORT'],
      ['imports/users', 'users', 'USER_IMPORT'],
    ])('posts a file to %s', async (path, file, type) => {
      const { status, output } = await run(
        [
          `curl --location --request 'POST'`,
          `'HOST/v1/${path}'`,
          `-H 'accept: application/json'`,
          `-H 'Authorization: Bearer ACCESS-TOKEN'`,
          `-H 'Content-Type: multipart/form-data'`,
          `-F 'file=@${file}_import_file.json;type=application/json'`,
        ].join(` \\\n${indent}`),
      )
      expect(status).toBe(202)
      expect(JSON.parse(output)).toEqual(one({ type, createdTime: aTime }))
    })
  })

  describe('channels guide', () => {
    it.each<Line>([
      [
        `curl --location --request 'POST' \\
'HOST/v1/channels' \\
-H 'accept: application/json' \\
-H 'Authorization: Bearer ACCESS-TOKEN' \\
-H 'Content-Type: application/json' \\
-d '{
"type": "PUBLIC",
"name": "b0a0bd55-921a-4f72-8ee3-f26c6fda0bb7"
}'`,
        channel,
      ],
      [
        `curl --location --request 'GET' \\
'HOST/v1/channels?page=0&size=5' \\
-H 'accept: application/json' \\
-H 'Authorization: Bearer ACCESS-TOKEN'`,
        pageOf('channels'),
      ],
      [
        `curl -X DELETE "HOST/v1/applications/APP-ID/channels/CHANNEL-ID" -H  "Authorization: Bearer OAUTH-TOKEN"`,
        application,
      ],
    ])('%s', answers)
  })

  describe('overview', () => {
    it.each<Line>([
      [
        `curl -H "Authorization: Bearer OAUTH-TOKEN" HOST`,
        { _links: expect.objectContaining({ application: expect.any(Object) }) },
      ],
      [`curl -H "Authorization: Bearer OAUTH-TOKEN" HOST/v1/application`, application],
    ])('%s', answers)

    it('curl -I HOST shows the documented headers', async () => {
      const { status, output } = await run('curl -I HOST')
      expect(status).toBe(200)
      expect(output).toMatch(/^content-type: application\/json/im)
      expect(output).toMatch(/^x-response-token: [0-9A-F]{32}\r$/im)
      expect(output).toMatch(/^x-api-version: v[\d.]+\r$/im)
      expect(output).toMatch(/^cache-control: no-cache, no-store, max-age=0, must-revalidate\r$/im)
      expect(output).toMatch(/^x-frame-options: DENY\r$/im)
    })

    /** Printed without the header that the section before tells to send. */
    it.each<Line>([
      [`curl -i "HOST/v1/users?name=jdoe"`, pageOf('users')],
      [`curl -i -d '{"type":"PUBLIC","name":"daily-discussion"}' HOST/v1/channels`, channel],
    ])('%s with a token, and 401 without', async (line, document) => {
      const anonymous = await run(line)
      expect(anonymous.status).toBe(401)
      expect(JSON.parse(bodyOf(anonymous.output))).toEqual({
        error: 'unauthorized',
        error_description: 'Full authentication is required to access this resource',
      })
      await answers(`${line} -H "Authorization: Bearer OAUTH-TOKEN"`, document)
    })
  })

  it('calls exactly the operations that COVERAGE.md lists', () => mustBeCovered('curl', called))
})

function get(path: string) {
  return described('GET', path)
}

function remove(path: string) {
  return described('DELETE', path)
}

/** How the reference page writes its lines. */
function described(method: string, path: string) {
  return `curl --location --request '${method}' \\
  'HOST/v1/${path}' \\
  -H 'accept: application/json' \\
  -H 'Authorization: Bearer ACCESS-TOKEN'`
}

/** The line answers 200 and prints this document. */
async function answers(line: string, document: unknown) {
  const { status, contentType, output } = await run(line)
  expect(status).toBe(200)
  expect(contentType).toMatch(/^application\/json/)
  expect(JSON.parse(bodyOf(output))).toEqual(document)
}

/** Runs the line in a shell, in an application with a channel, a user who moderates it, a message and a function. */
async function run(line: string) {
  const mine = await server.createApplication()
  const user = await createUser(mine, { name: 'jdoe' })
  const room = await createChannel(mine, { creator: { id: user.id } })
  const sent = await sendMessage(mine, room.id)
  const lambda = await createFunction(mine)
  const script = { handlerScript: 'async function handleEvent() {}' }
  const { body: deployed } = await mine.post(`/functions/${lambda.id}/versions`, script).expect(200)
  const { body: job } = await upload(mine, 'users', '[]').expect(202)
  const command = line
    .replaceAll('HOST', () => server.url)
    .replaceAll(/(ACCESS|OAUTH)-TOKEN/g, () => mine.token)
    .replaceAll('APP-ID', () => String(mine.id))
    .replaceAll('CHANNEL-ID', () => String(room.id))
    .replaceAll('USER-ID', () => String(user.id))
    .replaceAll('MESSAGE-ID', () => String(sent.id))
    .replaceAll('FUNCTION-ID', () => String(lambda.id))
    .replaceAll('VERSION-ID', () => String(deployed.id))
    .replaceAll('JOB-ID', () => String(job.id))
  const report = `-sS --write-out '%{stderr}%{http_code} %{content_type}'`
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', `${command} ${report}`], {
    cwd: folder,
  })
  const [status, contentType] = stderr.split(' ')
  return { status: Number(status), contentType, output: stdout }
}

/** What follows the headers where `-i` printed them. */
function bodyOf(output: string) {
  return output.startsWith('HTTP/') ? output.slice(output.indexOf('\r\n\r\n') + 4) : output
}
