import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

describe('retrieveApplication', () => {
  it("answers with the token's application and links to all of its resources", async () => {
    const { body } = await server.main.get('/application').expect(200)
    expect(body).toEqual({
      id: server.main.id,
      key: server.main.apiKey,
      properties: {},
      createdTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      _links: expect.any(Object),
    })
    const base = `${server.url}/v1/applications/${server.main.id}`
    expect(body._links).toMatchObject({
      self: { href: base },
      users: { href: `${base}/users` },
      channels: { href: `${base}/channels` },
      messages: { href: `${base}/messages` },
      'find:users': { href: expect.stringContaining(`${base}/users{?`), templated: true },
      'find:channels': { href: expect.stringContaining(`${base}/channels{?`), templated: true },
    })
  })

  it('is the same under each of its paths', async () => {
    const { body } = await server.main.get('/application')
    for (const name of [`/applications/${server.main.id}`, '/applications/me']) {
      expect((await server.main.get(name).expect(200)).body).toEqual(body)
    }
  })

  it('answers 404 for another application', async () => {
    const other = await server.createApplication()
    expectRefusal(await server.main.get(`/applications/${other.id}`), 404)
    expectRefusal(await server.main.get('/applications/4000000000'), 404)
  })
})

describe('settings', () => {
  it('has guests and channels of users enabled by default, flat and under features', async () => {
    const { body } = await server.main.get('/application/settings').expect(200)
    const settings = { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' }
    expect(body).toEqual({ ...settings, features: settings, _links: expect.any(Object) })
  })

  it('accepts what it returns, in both shapes and naming conventions', async () => {
    const application = await server.createApplication()
    const forms = [
      { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' },
      { guest_users: 'ENABLED', user_created_channels: 'DISABLED' },
      { features: { guest_users: 'DISABLED', user_created_channels: 'DISABLED' } },
    ]
    const shown = []
    for (const form of forms) {
      const { body } = await application.put('/application/settings', form).expect(200)
      expect((await application.get('/application/settings')).body).toEqual(body)
      shown.push([body.guestUsers, body.userCreatedChannels])
    }
    expect(shown).toEqual([
      ['DISABLED', 'ENABLED'],
      ['ENABLED', 'DISABLED'],
      ['DISABLED', 'DISABLED'],
    ])
    const { body } = await application.get('/application/settings')
    await application.put('/application/settings', body).expect(200)
  })

  it('refuses incomplete settings, and invalid values', async () => {
    const half = await server.main.put('/application/settings', { guestUsers: 'ENABLED' })
    expectRefusal(half, 400)
    expect(half.body).toMatchObject({
      resource: 'application_settings',
      field: 'userCreatedChannels',
      code: 'missing_field',
    })
    const wrong = await server.main.put('/application/settings', {
      guestUsers: 'ON',
      userCreatedChannels: 'ENABLED',
    })
    expectRefusal(wrong, 400)
    expect(wrong.body).toMatchObject({ field: 'guestUsers', code: 'invalid' })
  })
})
