// Wrong secrets are limited per client and network; other clients and networks are not affected.
import { createHook } from 'node:async_hooks'
import fastify, { type FastifyInstance } from 'fastify'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realClock } from '#clock/clock.ts'
import { ChatError } from '#errors.ts'
import { errors } from '#plugins/errors.ts'
import { guesses } from '#plugins/guesses.ts'
import { expectRefusal } from '../support/protects.ts'
import { startServer, type TestServer } from '../support/server.ts'

const times = <T>(count: number, what: (at: number) => T) =>
  Promise.all(Array.from({ length: count }, (_, at) => what(at)))

function statusesOf(answers: { status?: number; statusCode?: number }[]) {
  const counts: Record<number, number> = {}
  for (const { status, statusCode } of answers) {
    const code = status ?? statusCode ?? 0
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}

describe('attempts with a wrong secret', () => {
  let app: FastifyInstance
  let tried = 0
  beforeAll(async () => {
    app = fastify({ trustProxy: true })
    await app.register(errors, { clock: realClock })
    await app.register(guesses)
    app.post<{ Body: { client: string; secret: string } }>('/', async (request, reply) =>
      app.limitGuesses({ request, reply }, request.body.client, async () => {
        tried += 1
        await new Promise((resolve) => setImmediate(resolve))
        if (request.body.secret !== 'right') throw new ChatError('invalid_client', 'Bad client credentials')
        return {}
      }),
    )
  })
  afterAll(() => app.close())

  const guess = (from: string, client: string, secret = 'wrong') =>
    app.inject({
      method: 'POST',
      url: '/',
      headers: { 'x-forwarded-for': from },
      payload: { client, secret },
    })

  it('are limited to a hundred per minute, however many come at once', async () => {
    tried = 0
    expect(statusesOf(await times(600, () => guess('192.0.2.1', 'a')))).toEqual({ 401: 100, 429: 500 })
    expect(tried).toBe(100)
  })

  it('beyond the limit get a Retry-After, and other addresses and clients are not affected', async () => {
    await times(100, () => guess('192.0.2.2', 'a'))
    const refused = await guess('192.0.2.2', 'a', 'right')
    expect(refused.statusCode).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.json().coolOffDuration).toMatch(/^PT\d+(\.\d+)?S$/)
    expect((await guess('198.51.100.7', 'a', 'right')).statusCode).toBe(200) // the address of the backend
    expect((await guess('192.0.2.2', 'b', 'right')).statusCode).toBe(200)
  })

  it('of one IPv6 network count together', async () => {
    const answers = await times(120, (at) => guess(`2001:db8:1:2::${at.toString(16)}`, 'a'))
    expect(statusesOf(answers)).toEqual({ 401: 100, 429: 20 })
    expect((await guess('2001:db8:1:3::1', 'a')).statusCode).toBe(401)
  })

  it('of one network are limited to five hundred for all clients together', async () => {
    const answers = []
    for (let round = 0; round < 4; round += 1) {
      answers.push(...(await times(150, (at) => guess('192.0.2.3', `${round} ${at}`))))
    }
    expect(statusesOf(answers)).toEqual({ 401: 500, 429: 100 })
  })

  it('do not include those with the right secret', async () => {
    expect(statusesOf(await times(200, () => guess('192.0.2.4', 'a', 'right')))).toEqual({ 200: 200 })
  })
})

describe('the token endpoint', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.close())

  const token = (clientId: string, secret: string) =>
    supertest(server.url)
      .post('/oauth/token')
      .auth(clientId, secret)
      .type('form')
      .send({ grant_type: 'client_credentials' })

  /** The number of secret hashes that are started while `work` runs. */
  async function hashesIn(work: () => Promise<unknown>): Promise<number> {
    let count = 0
    const hook = createHook({
      init(_id, type) {
        if (type === 'SCRYPTREQUEST') count += 1
      },
    }).enable()
    await work().finally(() => hook.disable())
    return count
  }

  it('takes the same work for an unknown client as for a known one', async () => {
    const { clientId } = await server.createApplication()
    expect(await hashesIn(async () => token(clientId, 'wrong').expect(401))).toBe(1)
    expect(await hashesIn(async () => token('nobody', 'wrong').expect(401))).toBe(1)
  })

  it('refuses attempts beyond the limit, without hashing', async () => {
    const { clientId } = await server.createApplication()
    const tried = await hashesIn(async () => {
      const answers = await times(200, () => token(clientId, 'wrong'))
      expect(statusesOf(answers)).toEqual({ 401: 100, 429: 100 })
    })
    expect(tried).toBe(100)
    expectRefusal(await token(clientId, 'wrong'), 429, 'RateLimitedError')
  })

  it('identifies new clients by an id that is not the public API key', () => {
    expect(server.main.clientId).not.toBe(server.main.apiKey)
  })
})
