import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi()
})
afterAll(() => server.close())

const missing = 2 ** 40

describe('a world', () => {
  it('has credentials that work at once, and contains its addresses', async () => {
    const world = await server.createWorld({ name: 'checkout' })
    expect(world).toEqual({
      id: world.applicationId,
      name: 'checkout',
      url: server.url,
      host: new URL(server.url).host,
      secure: false,
      applicationId: expect.any(Number),
      clientId: expect.any(String),
      clientSecret: expect.any(String),
      apiKey: expect.any(String),
      accessToken: expect.any(String),
      createdTime: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const { body: application } = await server.as(world).get('/application').expect(200)
    expect(application).toMatchObject({ id: world.applicationId, key: world.apiKey })
    await supertest(server.url)
      .post('/oauth/token')
      .auth(world.clientId, world.clientSecret)
      .type('form')
      .send({ grant_type: 'client_credentials' })
      .expect(200)
  })

  it('needs no body', async () => {
    await server.testApi.post('/worlds').expect(201)
  })

  it('is listed with the others, without the first application', async () => {
    const world = await server.createWorld()
    const { body } = await server.testApi.get('/worlds').expect(200)
    expect(body.worlds).toContainEqual(world)
    expect(body.worlds.map(({ id }: { id: number }) => id)).not.toContain(server.main.id)
    const { body: one } = await server.testApi.get(`/worlds/${world.id}`).expect(200)
    expect(one).toEqual(world)
    await server.testApi.get(`/worlds/${server.main.id}`).expect(404)
  })

  it('is removed with its tokens at once', async () => {
    const world = await server.createWorld()
    await server
      .as(world)
      .post('/users')
      .send({ name: 'jane', displayName: 'Jane', isGuest: false })
      .expect(200)
    await server.testApi.delete(`/worlds/${world.id}`).expect(204)
    await server.as(world).get('/users').expect(401)
    await server.testApi.get(`/worlds/${world.id}`).expect(404)
    await server.testApi.delete(`/worlds/${world.id}`).expect(404)
    await server.main.get('/users').expect(200)
  })

  it.each([
    ['ENABLED', 'DISABLED'],
    [true, false],
  ])('has the settings it is created with (%s, %s)', async (guestUsers, userCreatedChannels) => {
    const world = await server.createWorld({ settings: { guestUsers, userCreatedChannels } })
    const { body } = await server.as(world).get('/application/settings').expect(200)
    expect(body).toMatchObject({ guestUsers: 'ENABLED', userCreatedChannels: 'DISABLED' })
  })

  it.each([
    [{ names: 'x' }, 'names'],
    [{ name: 7 }, 'name'],
    [{ name: ' ' }, 'name'],
    [{ strictness: 'severe' }, 'strictness'],
    [{ settings: { guests: true } }, 'settings.guests'],
    [{ settings: { guestUsers: 'maybe' } }, 'settings.guestUsers'],
    [[], 'body'],
  ])('is not created from %j: the error names %s', async (body, field) => {
    const answer = await server.testApi.post('/worlds').send(body).expect(400)
    expect(answer.body).toMatchObject({ error: 'ClientError', field, resource: 'world' })
    expect(answer.body.message).toContain(field)
  })

  it.each(['0', '-1', '1.5', 'one', `${missing}`, '9'.repeat(30), '%00'])(
    'with the id %s does not exist',
    async (id) => {
      await server.testApi.get(`/worlds/${id}`).expect(404)
      await server.testApi.delete(`/worlds/${id}`).expect(404)
    },
  )

  it('is lenient unless it is created as strict', async () => {
    const strict = await server.createWorld({ strictness: 'strict' })
    const lenient = await server.createWorld()
    expect(server.ctx.testApi?.isStrict(strict.id)).toBe(true)
    expect(server.ctx.testApi?.isStrict(lenient.id)).toBe(false)
    await server.testApi.delete(`/worlds/${strict.id}`).expect(204)
    expect(server.ctx.testApi?.isStrict(strict.id)).toBe(false)
  })
})
