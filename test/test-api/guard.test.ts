import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

describe('the test API, where it is disabled', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ TEST_API_TOKEN: 'let-me-in' })
  })
  afterAll(() => server.close())

  it.each(['/_test', '/_test/worlds', '/_test/reset', '/v1/_test/worlds'])(
    'answers %s like any unknown path',
    async (path) => {
      const unknown = await supertest(server.url).get('/nowhere').expect(404)
      for (const method of ['get', 'post', 'delete'] as const) {
        const { body } = await supertest(server.url)
          [method](path)
          .auth('let-me-in', { type: 'bearer' })
          .expect(404)
        expect(Object.keys(body)).toEqual(Object.keys(unknown.body))
      }
    },
  )
})

describe('the test API without a token', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ TEST_API: 'on', PUBLIC_URL: 'https://chat.example.com' })
  })
  afterAll(() => server.close())
  const ask = (headers: Record<string, string>) => supertest(server.url).get('/_test/worlds').set(headers)

  it.each(['localhost', 'localhost:1', 'LocalHost:9001', '127.0.0.1', '127.1.2.3:80', '[::1]:9001'])(
    'is reached at %s',
    async (host) => {
      await ask({ host }).expect(200)
    },
  )

  it.each([
    'rebound.example.com',
    'rebound.example.com:9001',
    'localhost.example.com',
    'localhost.',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    '0.0.0.0',
    '[::ffff:10.0.0.1]',
    'chat.example.com',
  ])('is not reached as %s, whatever address that resolves to', async (host) => {
    const { body } = await ask({ host }).expect(403)
    expect(body).toMatchObject({ error: 'AccessDeniedError', message: expect.any(String) })
  })

  it('uses the host of a target in absolute form instead of the Host header', async () => {
    const { hostname, port } = new URL(server.url)
    const path = 'http://rebound.example.com/_test/worlds'
    const request = get({ hostname, port, path, headers: { host: 'localhost' } })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    expect(answer.resume().statusCode).toBe(403)
  })

  it('serves pages of this machine, and of no other site', async () => {
    await ask({ origin: 'http://localhost:5173' }).expect(200)
    await ask({ origin: server.url }).expect(200)
    for (const origin of [
      'https://evil.example.com',
      'http://localhost.evil.com',
      'null',
      'about:blank',
      '',
    ]) {
      await ask({ origin }).expect(403)
    }
  })
})

describe('the test API with a token', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({
      TEST_API: 'on',
      TEST_API_TOKEN: 'let-me-in',
      HOST: '0.0.0.0',
      PUBLIC_URL: 'https://chat.example.com',
    })
  })
  afterAll(() => server.close())
  const ask = (headers: Record<string, string>) => supertest(server.url).get('/_test/worlds').set(headers)

  it('requires it with every request', async () => {
    await ask({ authorization: 'Bearer let-me-in' }).expect(200)
    for (const authorization of [
      'Bearer let-me-i',
      'Bearer let-me-inn',
      'Bearer',
      'Basic bGV0OmluCg==',
      '',
    ]) {
      const { body } = await ask({ authorization }).expect(401)
      expect(body).toMatchObject({ error: expect.any(String), error_description: expect.any(String) })
    }
    await ask({}).expect(401).expect('www-authenticate', 'Bearer realm="chatterie"')
    await supertest(server.url).get('/_test/worlds?access_token=let-me-in').expect(401)
    await supertest(server.url).post('/_test/worlds').expect(401)
    await ask({ authorization: `Bearer ${server.main.token}` }).expect(401)
  })

  it('is reached at the host of PUBLIC_URL too', async () => {
    await ask({ host: 'chat.example.com', authorization: 'Bearer let-me-in' }).expect(200)
    await ask({ host: 'chat.example.com' }).expect(401)
    await ask({ host: 'rebound.example.com', authorization: 'Bearer let-me-in' }).expect(403)
  })
})
