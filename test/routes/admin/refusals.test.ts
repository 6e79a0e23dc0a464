// What the admin API refuses: values that the database cannot hold are answered 400 with their field, never 5xx.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let owner: AdminClient
let inside: string

beforeAll(async () => {
  server = await shareServer()
  owner = await createAdmin(server, 'owner')
  inside = `/applications/${server.main.id}`
})
afterAll(() => server.close())

describe('text that cannot be stored is refused with its field', () => {
  const webhook = { url: 'https://hooks.example/', events: ['user.created'] }
  const fields: [what: string, path: () => string, body: object, field: string][] = [
    ['key', () => '/keys', { role: 'viewer' }, 'name'],
    ['application', () => '/applications', {}, 'name'],
    ['function', () => `${inside}/functions`, { type: 'user.sent.message' }, 'name'],
    ['webhook', () => `${inside}/webhooks`, webhook, 'description'],
    ['webhook', () => `${inside}/webhooks`, webhook, 'url'],
  ]
  it.each(fields)('%s, %s', async (_, path, body, field) => {
    for (const odd of ['\u0000', '\ud800']) {
      const text = `https://hooks.example/a${odd}b`
      const answer = await owner.post(path(), { ...body, [field]: text }).expect(400)
      expect(answer.body).toMatchObject({ error: 'ClientError', field })
    }
  })

  it('also in a change of a webhook', async () => {
    const { body: made } = await owner.post(`${inside}/webhooks`, webhook).expect(201)
    const change = { description: 'a\u0000b' }
    const { body } = await owner.patch(`${inside}/webhooks/${made.id}`, change).expect(400)
    expect(body).toMatchObject({ field: 'description' })
  })
})

describe('a name that is nearly one of a field is refused, as nothing else would show that it is ignored', () => {
  it.each([
    ['post', () => `${inside}/users/1/ban`, { untill: '2030-01-01T00:00:00Z' }, 'untill', 'until'],
    [
      'patch',
      () => `${inside}/settings`,
      { retention: { messageDays: 5 } },
      'retention.messageDays',
      'messagesDays',
    ],
    ['get', () => `${inside}/messages?usename=jane`, undefined, 'usename', 'username'],
  ] as const)('%s: %s', async (method, path, body, field, nearest) => {
    const answer = await owner[method](path(), body).expect(400)
    const message = `${field} is not a known field: ${nearest} is`
    expect(answer.body).toMatchObject({ error: 'ClientError', field, message })
  })

  it('but not where that field is given, too, or where the name is like none', async () => {
    const key = { name: 'one', role: 'viewer', nam: 'other', colour: 'red' }
    await owner.post('/keys', key).expect(201)
  })
})

it('statistics begin in the year 1 at the earliest', async () => {
  for (const interval of ['hour', 'day']) {
    const { body } = await owner
      .get(`${inside}/statistics?interval=${interval}&to=0001-01-01T00:30:00Z`)
      .expect(400)
    expect(body).toMatchObject({ field: 'to' })
    await owner.get(`${inside}/statistics?interval=${interval}&to=9999-12-31T23:59:59Z`).expect(200)
  }
})
