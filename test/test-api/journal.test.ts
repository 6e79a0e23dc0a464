import { get } from 'node:http'
import { Configuration, MessagesApi } from 'chatkitty-platform-sdk'
import supertest from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { redact } from '#test-api/journal/redact.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'

type World = Awaited<ReturnType<TestApiServer['createWorld']>>

interface Entry {
  position: number
  kind: string
  [field: string]: unknown
}

let server: TestApiServer
let world: World
beforeAll(async () => {
  server = await startTestApi()
})
afterAll(() => server.close())
beforeEach(async () => {
  world = await server.createWorld()
})

const path = (of = world) => `/worlds/${of.id}/journal`

async function entries(query: Record<string, unknown> = {}): Promise<Entry[]> {
  const { body } = await server.testApi.get(path()).query(query).expect(200)
  return body.entries
}

const wait = (query: Record<string, unknown>) => server.testApi.get(`${path()}/wait`).query(query)
const matching = (match: unknown, timeoutMs = 30_000) => wait({ match: JSON.stringify(match), timeoutMs })

function createUser(name: string, more: object = {}) {
  return server
    .as(world)
    .post('/users')
    .send({ name, displayName: name, isGuest: false, ...more })
}

describe('a journal', () => {
  it('contains each request with its response, once the client has received that', async () => {
    await createUser('jane').expect(200)
    await server.as(world).get('/users?name=jane').expect(200)
    await server.as(world).get('/nowhere').expect(404)
    const [created, listed, missed] = await entries({ kind: 'request' })
    expect(created).toMatchObject({
      position: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      kind: 'request',
      method: 'POST',
      path: '/v1/users',
      operation: 'createUser',
      status: 200,
      durationMs: expect.any(Number),
      requestBody: { name: 'jane' },
      responseBody: { name: 'jane', id: expect.any(Number) },
    })
    expect(listed).toMatchObject({ operation: 'listUsers', query: { name: 'jane' }, path: '/v1/users' })
    expect(missed).toMatchObject({ status: 404, path: '/v1/nowhere' })
    expect(missed).not.toHaveProperty('operation')
  })

  it('contains the requests of the official SDK', async () => {
    const { body: channel } = await server.as(world).post('/channels').send({ type: 'PUBLIC', name: 'lobby' })
    const sdk = new MessagesApi(new Configuration({ basePath: server.url, accessToken: world.accessToken }))
    await sdk.listMessages()
    expect(await entries({ operation: 'listMessages' })).toHaveLength(1)
    expect(channel.id).toEqual(expect.any(Number))
  })

  it('is separate for each world', async () => {
    const other = await server.createWorld()
    await createUser('jane')
    await supertest(server.url).get('/v1/users').auth('wrong', { type: 'bearer' }).expect(401)
    await server.main.get('/users')
    expect((await server.testApi.get(path(other))).body.entries).toEqual([])
    expect(await entries({ kind: 'request' })).toHaveLength(1)
    await server.testApi.get(`/worlds/${server.main.id}/journal`).expect(404)
  })

  it('contains requests that were no JSON, and responses changed by a fault', async () => {
    await server.as(world).post('/users').type('json').send('{"name": ').expect(400)
    const fault = { on: { operation: 'listUsers' }, do: { hang: true }, times: 1 }
    await server.testApi.post(`/worlds/${world.id}/faults`).send(fault).expect(201)
    const hung = get(`${server.url}/v1/users`, { headers: { authorization: `Bearer ${world.accessToken}` } })
    hung.on('error', () => undefined)
    const { body } = await matching({ kind: 'request', fault: 1, status: null }).expect(200)
    expect(body).toMatchObject({ operation: 'listUsers' })
    hung.destroy()
    expect((await entries({ kind: 'request' }))[0]).toMatchObject({ status: 400, requestBody: '{"name": ' })
  })

  it('stores 64 KiB of a body, and says that there was more', async () => {
    const properties = { text: 'x'.repeat(70_000) }
    await createUser('jane', { properties }).expect(200)
    const [entry] = await entries({ kind: 'request' })
    expect(entry?.truncated).toBe(true)
    expect(entry?.requestBody).toHaveLength(65_536)
    expect(entry?.responseBody).toHaveLength(65_536)
  })

  it('never contains a token, a secret or a grant', async () => {
    const { body } = await supertest(server.url)
      .post('/oauth/token')
      .type('form')
      .send({
        grant_type: 'client_credentials',
        client_id: world.clientId,
        client_secret: world.clientSecret,
      })
      .expect(200)
    await supertest(server.url)
      .post('/oauth/token')
      .auth(world.clientId, world.clientSecret)
      .field('grant_type', 'client_credentials')
    await supertest(server.url).get(`/v1/users?access_token=${world.accessToken}`).expect(200)
    const { body: user } = await createUser('jane', {
      properties: { password: 'hunter2', nested: [{ apiToken: 't0ken' }] },
    })
    await server.as(world).put(`/users/${user.id}/secrets/pin`).send({ secret: 's3cret' }).expect(200)
    await server.as(world).post('/users').type('json').send(`{"secret": "s3cret ${world.accessToken}`)
    const { body: journal } = await server.testApi.get(path()).expect(200)
    const har = await server.testApi.get(`${path()}.har`).expect(200)
    for (const text of [JSON.stringify(journal), JSON.stringify(har.body)]) {
      for (const secret of [
        world.accessToken,
        world.clientSecret,
        body.access_token,
        'hunter2',
        't0ken',
        's3cret',
        'Bearer',
      ]) {
        expect(text).not.toContain(secret)
      }
      expect(text).toContain(world.clientId)
      expect(text).toContain('client_credentials')
    }
  })

  it.each([
    [{ accessToken: 'a' }, { accessToken: '***' }],
    [
      { CLIENT_SECRET: 'a', tokens: 3, key: 'k' },
      { CLIENT_SECRET: '***', tokens: 3, key: 'k' },
    ],
    [
      { secret: null, secretive: 'no' },
      { secret: null, secretive: 'no' },
    ],
    ['at /files?grant=abc&x=1', 'at /files?grant=***&x=1'],
  ])('masks %j as %j', (value, masked) => {
    expect(redact(value)).toEqual(masked)
  })

  it('is listed in pages, oldest first, with filters', async () => {
    for (const name of ['a', 'b', 'c']) await createUser(name)
    await server.as(world).get('/users')
    const query = { operation: 'createUser', limit: 2 }
    const { body: first } = await server.testApi.get(path()).query(query).expect(200)
    const { body: second } = await server.testApi
      .get(path())
      .query({ ...query, after: first.next })
      .expect(200)
    const names = [...first.entries, ...second.entries].map(({ requestBody }) => requestBody.name)
    expect(names).toEqual(['a', 'b', 'c'])
    expect(second.next).toBeNull()
  })

  it('is emptied, and its numbering continues', async () => {
    await createUser('jane')
    const [before] = await entries()
    await server.testApi.delete(path()).expect(204)
    expect(await entries()).toEqual([])
    await createUser('john')
    expect((await entries())[0]?.position).toBeGreaterThan(before?.position ?? 0)
  })

  it('is removed with its world, and waiting requests are answered', async () => {
    await createUser('jane')
    const waiting = matching({ status: 1 }).then(({ status }) => status)
    const other = world
    await expect
      .poll(async () => {
        await server.testApi.delete(`/worlds/${other.id}`)
        return Promise.race([waiting, undefined])
      })
      .toBe(404)
    await server.testApi.get(path(other)).expect(404)
  })

  it('keeps the newest 10,000 entries, and bodies up to a limit', () => {
    const journals = server.ctx.testApi?.journals
    const body = 'x'.repeat(40_000)
    for (let nth = 0; nth < 10_005; nth += 1) {
      journals?.add(world.id, 0, { kind: 'request', requestBody: body })
    }
    const kept = [...(journals?.list(world.id, {}) ?? [])]
    expect(kept).toHaveLength(10_000)
    expect(kept[0]).toMatchObject({ position: 6, truncated: true })
    expect(kept[0]).not.toHaveProperty('requestBody')
    expect(kept.at(-1)).toMatchObject({ requestBody: body })
  })

  it.each([
    ['kind=requests', 'kind'],
    ['limit=0', 'limit'],
    ['limit=10001', 'limit'],
    ['after=-1', 'after'],
    ['colour=red', 'colour'],
  ])('refuses ?%s, for %s is wrong', async (query, field) => {
    const { body } = await server.testApi.get(`${path()}?${query}`).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', field })
  })
})

describe('an expectation', () => {
  it('is met by existing entries, oldest first', async () => {
    await createUser('jane')
    await createUser('john')
    const { body } = await wait({ kind: 'request', operation: 'createUser' }).expect(200)
    expect(body).toMatchObject({ requestBody: { name: 'jane' } })
    const later = await wait({ operation: 'createUser', after: body.position }).expect(200)
    expect(later.body).toMatchObject({ requestBody: { name: 'john' } })
  })

  it('is met by a new entry', async () => {
    const met = matching({
      kind: 'request',
      requestBody: { name: 'late', properties: { tags: ['a', { b: 1 }] } },
    })
    const answer = met.then(({ body }) => body)
    await createUser('early', { properties: { tags: ['a', { b: 1 }] } })
    await createUser('late', { properties: { tags: ['a', { b: 1, c: 2 }], more: true } })
    expect(await answer).toMatchObject({ status: 200, requestBody: { name: 'late' } })
  })

  it.each([
    { requestBody: { name: 'Jane' } },
    { requestBody: { properties: { tags: ['a'] } } },
    { requestBody: { properties: { tags: ['b', 'a'] } } },
    { requestBody: { properties: { tags: { 0: 'a' } } } },
    { requestBody: { absent: null } },
    { requestBody: ['jane'] },
    { status: '200' },
  ])('of %j is not met by other entries', async (match) => {
    await createUser('jane', { properties: { tags: ['a', 'b'] } })
    await matching({ kind: 'request', ...match }, 0).expect(408)
  })

  it('that is not met is answered with the nearest entries and their differences', async () => {
    await createUser('jane')
    await createUser('john', { properties: { team: 'red' } })
    const expected = { requestBody: { name: 'john', properties: { team: 'blue' } } }
    const { body } = await wait({
      kind: 'request',
      operation: 'createUser',
      match: JSON.stringify(expected),
      timeoutMs: 1,
    }).expect(408)
    expect(body).toMatchObject({ error: 'RequestTimeoutError', message: expect.any(String) })
    expect(body.misses[0]).toMatchObject({
      entry: { requestBody: { name: 'john' } },
      differences: ['requestBody.properties.team is "red" instead of "blue"'],
    })
    expect(body.misses[1].differences).toEqual([
      'requestBody.name is "jane" instead of "john"',
      'requestBody.properties is missing, and should be {"team":"blue"}',
    ])
  })

  it.each([
    ['match=%7B', 'match'],
    ['match=7', 'match'],
    [`match=${'['.repeat(3_000)}${']'.repeat(3_000)}`, 'match'],
    [`match=${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 'match'],
    ['timeoutMs=soon', 'timeoutMs'],
    ['timeoutMs=600001', 'timeoutMs'],
  ])('of ?%s is refused', async (query, field) => {
    const { body } = await server.testApi.get(`${path()}/wait?${query}`).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', field })
  })

  it('may be one of many; too many are refused, and cancelled ones are not counted', async () => {
    const { journals } = server.ctx.testApi ?? {}
    const listener = () => ({ added: () => undefined, ended: () => undefined })
    const stops = Array.from({ length: 2_000 }, () => journals?.listen(world.id, listener()))
    await matching({ status: 1 }).expect(429)
    await server.testApi.get(`${path()}/stream`).expect(429)
    for (const stop of stops) stop?.()
    await matching({ status: 1 }, 0).expect(408)
  })
})

describe('the stream of a journal', () => {
  function open(query = ''): { text: () => string; close: () => void; ended: Promise<string> } {
    let text = ''
    let end = () => {}
    const ended = new Promise<string>((resolve) => {
      end = () => resolve('ended')
    })
    const request = get(`${server.url}/_test${path()}/stream${query}`, { agent: false }, (response) => {
      expect(response.headers['content-type']).toBe('text/event-stream')
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('close', end)
      response.on('error', () => undefined)
    })
    request.on('error', () => undefined)
    return { text: () => text, close: () => request.destroy(), ended }
  }

  it('sends existing and new entries, each with its position', async () => {
    await createUser('jane')
    const stream = open('?kind=request')
    await expect.poll(stream.text).toContain('"name":"jane"')
    await createUser('john')
    await expect.poll(stream.text).toContain('"name":"john"')
    const [first] = stream.text().split('\n\n')
    expect(first).toMatch(/^id: \d+\nevent: request\ndata: \{.*\}$/)
    stream.close()
  })

  it('ends when its world is removed', async () => {
    const stream = open()
    await createUser('last')
    await expect.poll(stream.text).toContain('"name":"last"')
    await expect
      .poll(async () => {
        await server.testApi.delete(`/worlds/${world.id}`)
        return Promise.race([stream.ended, 'open'])
      })
      .toBe('ended')
  })

  it('buffers only a little where nobody reads it', async () => {
    const response = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      get(`${server.url}/_test${path()}/stream`, { agent: false }, resolve)
    })
    response.pause()
    const { journals } = server.ctx.testApi ?? {}
    for (let nth = 0; nth < 2_000; nth += 1) {
      journals?.add(world.id, 0, { kind: 'request', requestBody: 'x'.repeat(60_000) })
    }
    await createUser('still-served').expect(200)
    response.destroy()
  })
})

it('a HAR contains the requests in the standard format', async () => {
  await createUser('jane')
  await server.as(world).get('/users?name=ja%26ne')
  const { body } = await server.testApi.get(`${path()}.har`).expect(200)
  expect(body.log).toMatchObject({ version: '1.2', creator: { name: 'Chatterie' } })
  expect(body.log.entries).toHaveLength(2)
  expect(body.log.entries[0]).toMatchObject({
    startedDateTime: expect.stringMatching(/Z$/),
    request: {
      method: 'POST',
      url: `${server.url}/v1/users`,
      postData: { text: expect.stringContaining('jane') },
    },
    response: {
      status: 200,
      statusText: 'OK',
      content: { mimeType: expect.stringMatching(/^application\/json/) },
    },
    timings: { send: 0, wait: expect.any(Number), receive: 0 },
  })
  expect(body.log.entries[1].request).toMatchObject({
    url: `${server.url}/v1/users?name=ja%26ne`,
    queryString: [{ name: 'name', value: 'ja&ne' }],
  })
})
