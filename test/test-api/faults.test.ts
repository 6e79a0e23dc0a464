import { request as sendRequest } from 'node:http'
import { ChannelsApi, Configuration } from 'chatkitty-platform-sdk'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileGlob } from '#test-api/faults/glob.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'

let server: TestApiServer
let world: World
beforeAll(async () => {
  server = await startTestApi()
  world = await server.createWorld()
})
afterAll(() => server.close())

async function fail(on: object, effect: object, limits: object = {}, of = world): Promise<number> {
  const fault = { on, do: effect, ...limits }
  const { body } = await server.testApi.post(`/worlds/${of.id}/faults`).send(fault).expect(201)
  return body.id
}

const lift = (of = world) => server.testApi.delete(`/worlds/${of.id}/faults`).expect(204)

async function faultsOf(of = world): Promise<{ id: number; hits: number }[]> {
  const { body } = await server.testApi.get(`/worlds/${of.id}/faults`).expect(200)
  return body.faults
}

const createUser = (name: string) => ({ name, displayName: name, isGuest: false })

async function userNames(of = world): Promise<string[]> {
  const { body } = await server.as(of).get('/users').expect(200)
  return (body._embedded?.users ?? []).map(({ name }: { name: string }) => name)
}

/** Sends a request, and resolves with its outcome: a complete response, a truncated one, or an error. */
function raw(
  path: string,
  { method = 'GET', body = '' } = {},
): Promise<{ status?: number; text: string; error?: string }> {
  return new Promise((resolve) => {
    const request = sendRequest(`${server.url}${path}`, {
      method,
      agent: false,
      headers: {
        authorization: `Bearer ${world.accessToken}`,
        ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    })
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ text: '', error: error.code ?? '' }))
    request.on('response', (response) => {
      let text = ''
      const status = response.statusCode ?? 0
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status, text }))
      response.on('error', (error: NodeJS.ErrnoException) =>
        resolve({ status, text, error: error.code ?? '' }),
      )
    })
    request.end(body)
  })
}

describe('a fault', () => {
  it('answers with its response in place of the operation, which does not take effect', async () => {
    const id = await fail({ operation: 'createUser' }, { status: 503, headers: { 'retry-after': '7' } })
    const answer = await server.as(world).post('/users').send(createUser('never')).expect(503)
    expect(answer.body).toMatchObject({ error: 'ServiceUnavailableError', message: expect.any(String) })
    expect(answer.headers['retry-after']).toBe('7')
    await lift()
    expect(await userNames()).not.toContain('never')
    expect(id).toBe(1)
  })

  it.each([
    [{ status: 429 }, { error: 'RateLimitedError' }],
    [{ status: 431 }, { error: 'HeadersTooLargeError' }],
    [{ status: 410 }, { error: 'ClientError' }],
    [{ status: 502 }, { error: 'InternalServerError' }],
    [
      { status: 418, error: 'TeapotError', message: 'Short and stout' },
      { error: 'TeapotError', message: 'Short and stout' },
    ],
    [{ status: 401 }, { error: 'invalid_token', error_description: expect.any(String) }],
  ])('%j is answered as %j', async (effect, body) => {
    await fail({ method: 'get', path: '/v1/users' }, effect)
    const answer = await server.as(world).get('/users').expect(effect.status)
    expect(answer.body).toMatchObject(body)
    await lift()
  })

  it('may have any body, for any path', async () => {
    await fail({ path: '/v1/nowhere/**' }, { status: 203, body: { any: ['thing'] } })
    const { body } = await server.as(world).get('/nowhere/at/all').expect(203)
    expect(body).toEqual({ any: ['thing'] })
    await lift()
  })

  it('affects the official SDK', async () => {
    await fail({ operation: 'listChannels' }, { status: 503, message: 'Down for a test' })
    const sdk = new ChannelsApi(new Configuration({ basePath: server.url, accessToken: world.accessToken }))
    await expect(sdk.listChannels()).rejects.toMatchObject({
      response: { status: 503, data: { message: 'Down for a test' } },
    })
    await lift()
    expect((await sdk.listChannels()).status).toBe(200)
  })

  it('after the request lets it take effect and drops the response', async () => {
    await fail({ operation: 'createUser' }, { status: 503, after: true }, { times: 1 })
    await server.as(world).post('/users').send(createUser('lost')).expect(503)
    expect(await userNames()).toContain('lost')
    await fail({ operation: 'createUser' }, { reset: true, after: true }, { times: 1 })
    const body = JSON.stringify(createUser('lost-too'))
    expect(await raw('/v1/users', { method: 'POST', body })).toMatchObject({ error: 'ECONNRESET' })
    expect(await userNames()).toContain('lost-too')
    await lift()
  })

  it('resets the connection', async () => {
    await fail({ path: '/v1/users' }, { reset: true })
    expect(await raw('/v1/users')).toMatchObject({ error: 'ECONNRESET' })
    await lift()
  })

  it('hangs until it is removed', async () => {
    await fail({ path: '/v1/users' }, { hang: true })
    const answer = raw('/v1/users')
    await expect.poll(async () => (await faultsOf())[0]?.hits).toBe(1)
    await lift()
    expect(await answer).toMatchObject({ error: 'ECONNRESET' })
  })

  it.each([0, 5])('closes the connection after %i bytes of the body', async (bytes) => {
    await fail({ path: '/v1/users' }, { truncateAfterBytes: bytes })
    expect(await raw('/v1/users')).toMatchObject({
      status: 200,
      error: 'ECONNRESET',
      text: '{"_em'.slice(0, bytes),
    })
    await lift()
  })

  it('delays by the given time', async () => {
    await fail({ path: '/v1/users' }, { delayMs: [60, 80] })
    const since = performance.now()
    await server.as(world).get('/users').expect(200)
    expect(performance.now() - since).toBeGreaterThanOrEqual(59)
    await lift()
  })

  it('that waits releases its requests once it is removed', async () => {
    await fail({ path: '/v1/users' }, { delayMs: 600_000 })
    const answer = raw('/v1/users')
    await expect.poll(async () => (await faultsOf())[0]?.hits).toBe(1)
    await lift()
    expect(await answer).toMatchObject({ status: 200 })
  })

  it('applies as often as it says, and stays listed', async () => {
    const id = await fail({ operation: 'listUsers' }, { status: 500 }, { times: 2 })
    const statuses: number[] = []
    for (let nth = 0; nth < 3; nth += 1) statuses.push((await server.as(world).get('/users')).status)
    expect(statuses).toEqual([500, 500, 200])
    expect(await faultsOf()).toEqual([expect.objectContaining({ id, times: 2, hits: 2 })])
    await server.testApi.delete(`/worlds/${world.id}/faults/${id}`).expect(204)
    await server.testApi.delete(`/worlds/${world.id}/faults/${id}`).expect(404)
    expect(await faultsOf()).toEqual([])
  })

  it('leaves what it no longer applies to to earlier faults', async () => {
    await fail({ operation: 'listUsers' }, { status: 500 })
    await fail({ operation: 'listUsers' }, { status: 502 }, { times: 1 })
    await server.as(world).get('/users').expect(502)
    await server.as(world).get('/users').expect(500)
    await lift()
  })

  it('affects the same requests with the same seed', async () => {
    const limits = { probability: 0.5, seed: 7 }
    const outcomes = async () => {
      await fail({ operation: 'listUsers' }, { status: 500 }, limits)
      const statuses: number[] = []
      for (let nth = 0; nth < 24; nth += 1) statuses.push((await server.as(world).get('/users')).status)
      await lift()
      return statuses
    }
    const first = await outcomes()
    expect(new Set(first)).toEqual(new Set([200, 500]))
    expect(await outcomes()).toEqual(first)
  })

  it('applies to its world only', async () => {
    const other = await server.createWorld()
    await fail({}, { status: 500 })
    await server.as(other).get('/users').expect(200)
    await server.main.get('/users').expect(200)
    await supertest(server.url).get('/v1/users').expect(401)
    await server.testApi.get(`/worlds/${world.id}`).expect(200)
    await lift()
  })

  it('of the token endpoint applies to the world of the client', async () => {
    await fail({ operation: 'issueToken' }, { status: 503 })
    const token = () => supertest(server.url).post('/oauth/token').type('form')
    const grant = { grant_type: 'client_credentials' }
    await token().auth(world.clientId, 'wrong').send(grant).expect(503)
    await token()
      .send({ ...grant, client_id: world.clientId, client_secret: world.clientSecret })
      .expect(503)
    const other = await server.createWorld()
    await token().auth(other.clientId, other.clientSecret).send(grant).expect(200)
    await lift()
    await token().auth(world.clientId, world.clientSecret).send(grant).expect(200)
  })

  it('is removed with its world', async () => {
    const other = await server.createWorld()
    await fail({}, { status: 500 }, {}, other)
    await server.testApi.delete(`/worlds/${other.id}`).expect(204)
    await server.testApi.get(`/worlds/${other.id}/faults`).expect(404)
    expect(server.ctx.testApi?.faults.list(other.id)).toEqual([])
  })

  it.each([
    [{ do: { status: 500 } }, 'on'],
    [{ on: {} }, 'do'],
    [{ on: {}, do: {} }, 'do'],
    [{ on: { operation: 'sendChannelMesage' }, do: { status: 500 } }, 'on.operation'],
    [{ on: { method: 'FETCH' }, do: { status: 500 } }, 'on.method'],
    [{ on: { verb: 'GET' }, do: { status: 500 } }, 'on.verb'],
    [{ on: { path: '' }, do: { status: 500 } }, 'on.path'],
    [{ on: { path: '*'.repeat(513) }, do: { status: 500 } }, 'on.path'],
    [{ on: { path: 'v1/users' }, do: { status: 500 } }, 'on.path'],
    [{ on: { path: '/v1/users?size=1' }, do: { status: 500 } }, 'on.path'],
    [{ on: {}, do: { status: 99 } }, 'do.status'],
    [{ on: {}, do: { status: 500, reset: true } }, 'do.reset'],
    [{ on: {}, do: { error: 'X', delayMs: 1 } }, 'do.error'],
    [{ on: {}, do: { delayMs: [5, 1] } }, 'do.delayMs'],
    [{ on: {}, do: { delayMs: 1e9 } }, 'do.delayMs'],
    [{ on: {}, do: { status: 500, headers: { 'a b': 'c' } } }, 'do.headers.a b'],
    [{ on: {}, do: { status: 500, headers: { a: 'b\r\nc: d' } } }, 'do.headers.a'],
    [{ on: {}, do: { status: 500, headers: { 'Content-Length': '1' } } }, 'do.headers.Content-Length'],
    [{ on: {}, do: { truncateAfterBytes: -1 } }, 'do.truncateAfterBytes'],
    [{ on: {}, do: { status: 500 }, times: 0 }, 'times'],
    [{ on: {}, do: { status: 500 }, probability: 2 }, 'probability'],
    [{ on: { frame: 'ACK' }, do: { drop: true } }, 'on.frame'],
    [{ on: { frame: 'CONNECT' }, do: { drop: true } }, 'do.drop'],
    [{ on: { frame: 'MESSAGE' }, do: { refuse: 'no' } }, 'do.refuse'],
    [{ on: { frame: 'SEND', type: 'x' }, do: { drop: true } }, 'on.type'],
    [{ on: { function: 'f' }, do: { status: 500 } }, 'do.status'],
    [{ on: { webhook: 1 }, do: { status: 500 } }, 'on.webhook'],
  ])('%j is refused, and the error names %s', async (body, field) => {
    const answer = await server.testApi.post(`/worlds/${world.id}/faults`).send(body).expect(400)
    expect(answer.body.message).toContain(field)
    expect((answer.body.errors as { field: string }[]).map((each) => each.field)).toContain(field)
    expect(await faultsOf()).toEqual([])
  })

  it('of an unknown world is not found', async () => {
    for (const id of [server.main.id, 2 ** 40]) {
      await server.testApi
        .post(`/worlds/${id}/faults`)
        .send({ on: {}, do: { reset: true } })
        .expect(404)
      await server.testApi.get(`/worlds/${id}/faults`).expect(404)
      await server.testApi.delete(`/worlds/${id}/faults`).expect(404)
    }
  })
})

describe('a glob', () => {
  it.each([
    ['/v1/users', '/v1/users', true],
    ['/v1/users', '/v1/users/', false],
    ['/v1/*', '/v1/users', true],
    ['/v1/*', '/v1/users/1', false],
    ['/v1/**', '/v1/users/1', true],
    ['/v1/channels/*/messages', '/v1/channels/12/messages', true],
    ['/v1/channels/*/messages', '/v1/channels/1/2/messages', false],
    ['/**/messages', '/messages', true],
    ['/**/messages', '/v1/channels/1/messages', true],
    ['/v1/**/messages', '/v1messages', false],
    ['**', '', true],
    ['/topic/channels/*.messages', '/topic/channels/7.messages', true],
    ['/a.c', '/abc', false],
    ['/a+(b)', '/a+(b)', true],
  ])('%s of %s: %s', (pattern, text, matches) => {
    expect(compileGlob(pattern)(text)).toBe(matches)
  })

  it('is matched in linear time', () => {
    const since = performance.now()
    expect(compileGlob('*a'.repeat(256))('a'.repeat(2_000))).toBe(true)
    expect(compileGlob(`${'/**'.repeat(170)}/b`)('/a'.repeat(1_000))).toBe(false)
    expect(performance.now() - since).toBeLessThan(5_000)
  })
})
