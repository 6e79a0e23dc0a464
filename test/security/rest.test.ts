// Every route by all callers of the tables.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realClock } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import { openGrants } from '#files/grants.ts'
import { operationsOf } from '#routes/operations.ts'
import { createWorld, examplesOf, parameterIn, type World } from '../routes/examples.ts'
import { createUser } from '../support/factories.ts'
import { expectRefusal, fillPath } from '../support/protects.ts'
import { dumpRows } from '../support/rows.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { clients, downloads, operations, routes, strangers, uploads } from './table.ts'
import {
  connect,
  createDeletedApplication,
  createPeople,
  createPlace,
  createToken,
  type Name,
  type People,
  type Place,
  type Session,
  treasure,
} from './world.ts'

const declared = new Map(operationsOf({} as Context).map((each) => [`${each.method} ${each.path}`, each]))
const titles = operations.map(({ method, path }) => `${method} ${path}`)
const verbs = ['create:*', 'read:*', 'update:*', 'delete:*']
/** All scopes that operations require. */
const scopes = new Set(operations.flatMap((row) => scopesOf(row)))

let server: TestServer
let other: TestApplication
let deleted: TestApplication
let people: People
let world: World
let place: Place
/** Credentials that are not tokens for the Platform API, or not valid ones, by name. */
let bearers: Record<string, string | undefined>
/** The registered routes, such as `GET /health`. */
const registered = new Set<string>()
let before: string
let session: Session

beforeAll(async () => {
  const stop = recordRoutes()
  server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
  stop()
  other = await server.createApplication()
  deleted = await createDeletedApplication(server)
  people = await createPeople(server.main)
  place = await createPlace(server, server.main, people, 'PRIVATE')
  world = await createWorld(server, server.main)
  await other.get('/runtimes/nodejs').expect(200) // it is made when it is first asked for
  session = await connect(server.url, server.main.apiKey, people.member)
  bearers = {
    nobody: undefined,
    madeUpToken: uuid(),
    expiredToken: await createToken(server, server.main, verbs, Date.now() - 1),
    tokenOfDeletedApplication: deleted.token,
    clientSecret: server.main.clientSecret,
    apiKey: server.main.apiKey,
    sessionOfMember: session.key,
    readGrantOfMember: await grantOf('read', people.member.id),
    writeGrantOfMember: await grantOf('write', people.member.id),
  }
  before = await dumpRows(server, server.main.id)
})
afterAll(async () => {
  session.stomp.ws.terminate()
  await server.close()
})

const grantOf = (access: 'read' | 'write', userId: number, { id } = server.main) =>
  server.ctx.grants.give({ access, applicationId: id, userId })

interface Asked {
  token?: string | undefined
  headers?: Record<string, string>
  body?: string | FormData | URLSearchParams
}

async function ask(method: string, path: string, { token, headers, body }: Asked = {}) {
  const response = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  return { status: response.status, type, ...(method !== 'HEAD' && { text }) }
}

function aFile(): FormData {
  const form = new FormData()
  form.set('file', new Blob(['[]'], { type: 'application/json' }), 'file.json')
  return form
}

function scopesOf({ scopes = '' }: (typeof operations)[number]): string[] {
  return scopes.split(' ')
}

/** Returns the paths of an operation with the world's ids, with each of the prefixes. */
function pathsOf(path: string, application: string | number = server.main.id): string[] {
  const filled = fillPath(path, (parameter) => parameterIn(world, path, parameter))
  return ['/v1', '', `/v1/applications/${application}`, `/applications/${application}`].map(
    (prefix) => prefix + filled,
  )
}

it('has a row for each existing operation and route, and none for others', () => {
  expect(titles.toSorted()).toEqual([...declared.keys()].toSorted())
  const others = [...registered].filter((route) => !isOfOperation(route) && !/ \/admin\/v1\//.test(route))
  expect(routes.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(others.toSorted())
})

describe.each(operations.map((row) => [`${row.method} ${row.path}`, row] as const))('%s', (title, row) => {
  const { method = '', path = '' } = row

  it('is refused without credentials, under each of its paths', async () => {
    const [usual = '', ...forms] = [...pathsOf(path), ...pathsOf(path, 'me').slice(2)]
    const refuse = async (each: string, { who = '', status, error }: (typeof strangers)[number]) => {
      expectRefusal(await ask(method, each, { token: bearers[who] }), Number(status), error)
    }
    await Promise.all([
      ...strangers.map((stranger) => refuse(usual, stranger)),
      ...forms.flatMap((form) => strangers.slice(0, 3).map((stranger) => refuse(form, stranger))),
    ])
    const headers = { grant: bearers.writeGrantOfMember as string }
    expectRefusal(await ask(method, `/v1${path}`, { headers }), 401, 'unauthorized')
  })

  it('requires each of its scopes', async () => {
    for (const lacking of scopesOf(row)) {
      const [verb] = lacking.split(':')
      const others = [...scopes, ...verbs].filter((each) => each !== lacking && each !== `${verb}:*`)
      const token = await createToken(server, server.main, others)
      for (const each of pathsOf(path)) {
        expectRefusal(await ask(method, each, { token }), 403, 'insufficient_scope')
      }
    }
  })

  it(`gives another application ${row.other === 'own' ? 'its own data' : 'nothing'}`, async () => {
    const { token } = other
    const operation = declared.get(title)
    const [example] = operation?.body ? examplesOf(operation.body, world.user.id) : []
    const body = example === undefined && operation?.form ? aFile() : JSON.stringify(example)
    const asked = { token, ...(body !== undefined && { body }) }
    const [versioned, plain, ...named] = pathsOf(path)
    for (const each of named) expectRefusal(await ask(method, each, asked), 404)
    for (const each of [versioned, plain, ...pathsOf(path, 'me')] as string[]) {
      if (row.other === '404') {
        expectRefusal(await ask(method, each, asked), 404, 'ResourceNotFoundError')
      } else if (method === 'GET') {
        const { status, text } = await ask(method, each, { token })
        expect(status).toBe(200)
        expect(text).not.toContain(treasure)
      }
    }
  })
})

it('none of these requests changed anything', async () => {
  expect(await dumpRows(server, server.main.id)).toBe(before)
})

describe('requires no scope but its own', () => {
  it.each(operations.map((row) => [`${row.method} ${row.path}`, row]))('%s', async (_, row) => {
    const { method, path } = row as (typeof operations)[number]
    const token = await createToken(server, other, scopesOf(row as (typeof operations)[number]))
    // A 404 shows that the resource was searched for.
    const { status } = await ask(
      method as string,
      fillPath(`/v1${path}`, () => 999_999_999),
      { token },
    )
    expect([200, 202, 400, 404, 415]).toContain(status)
  })
})

describe('without credentials', () => {
  it.each(routes.map(({ method = '', path = '', nobody }) => [method, path, nobody]))(
    '%s %s answers %s',
    async (method, path, nobody) => {
      const url = fillPath(path as string, (name) => (name === 'id' ? place.channelId : uuid()))
      const isToken = url === '/oauth/token'
      const form = isToken ? new URLSearchParams({ grant_type: 'client_credentials' }) : aFile()
      const body = method === 'POST' ? form : undefined
      const preflight = { origin: 'https://example.com', 'access-control-request-method': 'GET' }
      const isPreflight = method === 'OPTIONS'
      const asked = { ...(body && { body }), ...(isPreflight && { headers: preflight }) }
      const { status, text } = await ask(method as string, isPreflight ? '/v1/users' : url, asked)
      const isFile = url.includes('/files/')
      expect(status).toBe(isFile ? 404 : Number(nobody)) // whose key it is decides, see below
      for (const secret of [treasure, server.main.apiKey, server.main.clientSecret]) {
        expect(text).not.toContain(secret)
      }
    },
  )
})

describe('the token endpoint', () => {
  it('issues a token for the right secret', async () => {
    const { clientId: id, clientSecret: secret, token } = server.main
    const given: Record<string, [id: string, secret: string, more?: Record<string, string>]> = {
      nobody: ['', ''],
      right: [id, secret],
      wrongSecret: [id, `${secret}x`],
      secretOfOther: [id, other.clientSecret],
      deletedApplication: [deleted.clientId, deleted.clientSecret],
      accessToken: [id, token],
      unknownScope: [id, secret, { scope: 'rule:world' }],
      password: [id, secret, { grant_type: 'password', username: people.member.name, password: 'x' }],
    }
    const answers = []
    for (const [who, [clientId, clientSecret, more]] of Object.entries(given)) {
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }
      const answer = await fetch(`${server.url}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ ...form, ...more }),
      })
      const { error = '' } = (await answer.json()) as { error?: string }
      answers.push({ who, status: String(answer.status), error })
    }
    expect(answers).toEqual(clients)
  })
})

describe('with grants', () => {
  /** All owners of a grant of this kind, by the columns of the tables. */
  async function grants(access: 'read' | 'write'): Promise<Record<string, string>> {
    const gone = await createUser(server.main)
    const ofGone = await grantOf(access, gone.id)
    await server.main.delete(`/users/${gone.id}`).expect(200)
    const claim = { access, applicationId: server.main.id, userId: people.author.id }
    const longAgo = openGrants(() => server.ctx.vault.derive('file grants'), {
      now: () => Date.now() - 40 * 86_400_000,
    })
    const names = ['author', 'member', 'outsider', 'guest', 'blocked'] satisfies Name[]
    const ofPeople = names.map(async (name) => [name, await grantOf(access, people[name].id)] as const)
    return {
      ...Object.fromEntries(await Promise.all(ofPeople)),
      other: await grantOf(access, (await createUser(other)).id, other),
      deleted: ofGone,
      expired: await longAgo.give(claim),
      forged: await openGrants(async () => [new Uint8Array(32)], realClock).give(claim),
    }
  }

  it.each(uploads.map((row) => [row.path as string, row]))('%s accepts files', async (path, row) => {
    const { path: _, ...columns } = row
    const given = { ...(await grants('write')), reading: await grantOf('read', people.author.id) }
    const ids: Record<string, number> = {
      users: people.author.id,
      channels: place.channelId,
      messages: place.messageId,
      threads: place.messageId,
    }
    const url = `/v1/runtime${fillPath(path, () => ids[path.split('/')[1] ?? ''] ?? 0)}`
    const answers: Record<string, string> = {}
    for (const [who, grant] of Object.entries(given)) {
      const form = new FormData()
      form.set('file', new Blob([pixel], { type: 'image/png' }), 'a.png')
      answers[who] = String((await ask('POST', url, { headers: { grant }, body: form })).status)
    }
    expect(answers).toEqual(columns)
  })

  it.each(downloads.map((row) => [row.file as string, row]))(
    'the file of a %s is readable',
    async (file, row) => {
      const { file: _, ...columns } = row
      const url = await upload(file)
      const { token } = server.main
      const unscoped = await createToken(server, server.main, ['create:*', 'update:*', 'delete:*'])
      const given = { ...(await grants('read')), writing: await grantOf('write', people.author.id) }
      for (const prefix of ['/v1', '']) {
        const path = url.replace(/^\/v1/, () => prefix)
        const answers: Record<string, string> = {}
        const tell = async (who: string, at: string, bearer?: string) => {
          answers[who] = String((await ask('GET', at, { token: bearer })).status)
          expect((await ask('HEAD', at, { token: bearer })).status).toBe(Number(answers[who]))
          const withoutName = at.replace(/\/[^/?]*(?=\?|$)/, () => '')
          expect((await ask('GET', withoutName, { token: bearer })).status).toBe(Number(answers[who]))
        }
        await tell('nobody', path)
        await tell('token', path, token)
        await tell('otherToken', path, other.token)
        await tell('unscopedToken', path, unscoped)
        await tell('expiredToken', path, bearers.expiredToken)
        for (const [who, grant] of Object.entries(given)) await tell(who, `${path}?grant=${grant}`)
        expect(answers).toEqual(columns)
      }
    },
  )

  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )

  /** Uploads a file of the table as the author. @returns its path */
  async function upload(file: string): Promise<string> {
    const isPicture = file === 'picture'
    const path = isPicture
      ? `/users/${people.author.id}/display-picture`
      : `/channels/${place.channelId}/messages`
    const form = new FormData()
    form.set('file', new Blob([pixel], { type: 'image/png' }), 'a.png')
    const headers = { grant: await grantOf('write', people.author.id) }
    const { text = '' } = await ask('POST', `/v1/runtime${path}`, { headers, body: form })
    const shown = JSON.parse(text)
    return new URL(isPicture ? shown.displayPictureUrl : shown.file.url).pathname
  }
})

/** Whether a route belongs to an operation. */
function isOfOperation(route: string): boolean {
  const [method = '', url = ''] = route.split(' ')
  const path = url.replace(/^(\/v1)?(\/applications\/:applicationId)?(?=\/|$)/, '')
  const paths = operations.map((row) => row.path)
  if (/^(\/v1)?\/applications\/:applicationId$/.test(url)) return true // another name of /application
  return paths.includes(path) && method !== 'OPTIONS'
}

/** Records all routes that servers register from now on, except HEAD routes that belong to GET, and
 * files whose names change with what is in them. */
function recordRoutes(): () => void {
  const note = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance }
    fastify.addHook('onRoute', ({ method, url }) => {
      if (url.startsWith('/console/assets/')) return
      for (const each of [method].flat()) if (each !== 'HEAD') registered.add(`${each} ${url}`)
    })
  }
  subscribe('fastify.initialization', note)
  return () => unsubscribe('fastify.initialization', note)
}
