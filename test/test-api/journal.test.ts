import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Configuration, MessagesApi } from 'chatkitty-platform-sdk'
import supertest from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { redact } from '#test-api/journal/redact.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'

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
const matching = (match: unknown) => wait({ match: JSON.stringify(match), timeoutMs: 30_000 })

const createUser = (name: string, more?: object) => server.createUser(world, name, more)

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

  it('contains events of a world to which nobody has ever connected', async () => {
    const as = server.as(world)
    const { body: channel } = await as.post('/channels').send({ type: 'PUBLIC', name: 'lobby' }).expect(200)
    await as.post(`/channels/${channel.id}/messages`).send({ type: 'TEXT', body: 'Hi' }).expect(200)
    const { body: event } = await wait({ kind: 'event', type: 'channel.message.created' }).expect(200)
    expect(event).toMatchObject({ kind: 'event', channelId: channel.id })
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

  it('is emptied of all that happened before, and its numbering continues', async () => {
    const client = await server.ctx.db.pool.connect()
    await client.query('begin; lock table event_log in exclusive mode') // events come late
    await createUser('jane')
    const [before] = await entries()
    const emptied = server.testApi.delete(path()).expect(204).then()
    await Promise.race([emptied, sleep(300)])
    await client.query('commit')
    client.release()
    await emptied
    await createUser('john')
    await matching({ kind: 'event', username: 'john' }).expect(200)
    const after = await entries()
    expect(after.map(({ kind }) => kind)).toEqual(['request', 'event'])
    expect(after[0]?.position).toBeGreaterThan(before?.position ?? 0)
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
    ['kind=requests', 'kind', ': must be one of request, frame, event, function, webhook'],
    ['limit=0', 'limit', ': must be a whole number from 1 to 10000'],
    ['limit=-1', 'limit', ': must be a whole number from 1 to 10000'],
    ['limit=10001', 'limit', ': must be a whole number from 1 to 10000'],
    ['after=-1', 'after', ': must be a whole number from 0 on'],
    ['colour=red', 'colour', ' is not a known field'],
  ])('refuses ?%s, for %s is wrong', async (query, field, problem) => {
    const { body } = await server.testApi.get(`${path()}?${query}`).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', field, message: field + problem })
  })
})

it('a query that is not read is refused, so that nothing is done to more than was meant', async () => {
  await createUser('jane')
  const { body } = await server.testApi.delete(`${path()}?kind=event`).expect(400)
  expect(body).toMatchObject({ field: 'kind', message: 'kind is not a known field' })
  await server.testApi.get(`${path()}.har?limit=1`).expect(400)
  await server.testApi.post('/reset?world=7').expect(400)
  await matching({ operation: 'createUser' }).expect(200)
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
