import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUser } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ RATE_LIMIT_PER_SECOND: '5' })
})
afterAll(() => server.close())

/** Sends requests at the same time. @returns the responses */
const ask = (application: TestApplication, times: number, path = '/application') =>
  Promise.all(Array.from({ length: times }, () => application.get(path)))

const statusesOf = (answers: { status: number }[]) => answers.map(({ status }) => status).sort()

/** Waits until the application's current second is over, as the limit uses real time. */
async function untilAllowed(application: TestApplication): Promise<void> {
  await expect.poll(async () => (await application.get('/application')).status).toBe(200)
}

describe('requests of an application', () => {
  it('are counted, and responses say how many are left', async () => {
    const { headers } = await (await server.createApplication()).get('/application').expect(200)
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': expect.stringMatching(/^[0-4]$/),
      'x-ratelimit-reset': '1',
    })
    expect(headers).not.toHaveProperty('retry-after')
  })

  it('beyond the limit are refused, with when to come back', async () => {
    const application = await server.createApplication()
    const answers = await ask(application, 20)
    const refused = answers.find(({ status }) => status === 429)
    if (!refused) throw new Error('20 requests at once were all answered')
    expectRefusal(refused, 429, 'RateLimitedError')
    expect(refused.body.coolOffDuration).toMatch(/^PT(0|1)(\.\d{1,3})?S$/)
    expect(refused.headers).toMatchObject({
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1',
      'retry-after': '1',
    })
  })

  it('are answered again after the Retry-After of the refusal', async () => {
    const application = await server.createApplication()
    await ask(application, 20)
    await untilAllowed(application)
  })

  it('count together for all paths', async () => {
    const application = await server.createApplication()
    const bearer = `Bearer ${application.token}`
    const paths = ['/v1/users', '/users', `/v1/applications/${application.id}/users`, '/v1/applications/me']
    const answers = await Promise.all(
      [...paths, ...paths, ...paths].map((path) =>
        supertest(server.url).get(path).set('authorization', bearer),
      ),
    )
    expect(statusesOf(answers)).toContain(429)
  })

  it('do not count for other applications', async () => {
    const [busy, calm] = [await server.createApplication(), await server.createApplication()]
    await untilAllowed(calm)
    const [answers, other] = await Promise.all([ask(busy, 20), calm.get('/application')])
    expect(statusesOf(answers)).toContain(429)
    expect(other.status).toBe(200)
  })

  it('are not counted without authentication', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => supertest(server.url).get('/v1/application')),
    )
    expect(new Set(statusesOf(answers))).toEqual(new Set([401]))
  })
})

describe('uploads of users', () => {
  it('do not count for the application, and have their own limit', async () => {
    const application = await server.createApplication()
    const { id: userId } = await createUser(application)
    await untilAllowed(application)
    const grant = await server.ctx.grants.give({ access: 'write', applicationId: application.id, userId })
    const upload = () => supertest(server.url).post('/v1/runtime/channels/1/messages').set('grant', grant)
    const uploads = await Promise.all(Array.from({ length: 40 }, upload))
    const refused = uploads.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(10)
    expect(refused[0]?.headers['retry-after']).toMatch(/^[1-9]/)
    expect(statusesOf(uploads)[0]).toBe(415) // because they are empty
    await untilAllowed(application)
  })
})

describe('without a limit', () => {
  it.each(['off', '0'])('RATE_LIMIT_PER_SECOND=%s answers every request', async (setting) => {
    const free = await startServer({ RATE_LIMIT_PER_SECOND: setting })
    try {
      const answers = await ask(free.main, 50)
      expect(new Set(statusesOf(answers))).toEqual(new Set([200]))
      expect(answers[0]?.headers).not.toHaveProperty('x-ratelimit-limit')
    } finally {
      await free.close()
    }
  })
})
