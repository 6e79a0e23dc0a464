// Unusual but valid input.
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
})
afterAll(() => server.close())

it('a 404 has the message Resource not found, and says in detail what was not found', async () => {
  const { body } = await server.main.get('/channels/4000000000').expect(404)
  expect(body).toMatchObject({
    error: 'ResourceNotFoundError',
    message: 'Resource not found',
    detail: 'channel 4000000000 does not exist',
  })
})

it('repeated values of a query are kept, including commas', async () => {
  const [first, second] = [
    await createUser(server.main, { name: 'Doe, Jane' }),
    await createUser(server.main),
  ]
  const { id } = await createChannel(server.main, { members: [{ id: first.id }, { id: second.id }] })
  const query = new URLSearchParams([
    ['members', 'Doe, Jane'],
    ['members', second.name],
  ])
  const { body } = await server.main.get(`/channels?${query}`).expect(200)
  expect(body._embedded.channels.map((channel: { id: number }) => channel.id)).toEqual([id])
})

it.each(['', ' '])('an Accept of "%s" counts as no preference', async (accept) => {
  const answer = await server.main.get('/application').set('accept', accept).expect(200)
  expect(answer.type).toBe('application/json')
})

it.each(['application/json', 'application/x-www-form-urlencoded'])(
  'a byte order mark before a body is ignored, as in the file of an import: %s',
  async (type) => {
    const name = `marked ${type}`
    const { body } = await server.main
      .post('/users')
      .type(type)
      .send(`\uFEFF{"name":"${name}","displayName":"\uFEFFx"}`)
      .expect(200)
    expect(body).toMatchObject({ name, displayName: '\uFEFFx' })
  },
)

it.each(['.', '..', '...', '. .'])(
  'a user named %j has a picture at a URL that clients do not shorten',
  async (name) => {
    const { id } = await createUser(server.main, { displayName: name })
    const { body } = await server.main.get(`/users/${id}`).expect(200)
    for (const url of [body.displayPictureUrl, new URL(body.displayPictureUrl).href]) {
      const answer = await fetch(url)
      expect(answer.headers.get('content-type')).toBe('image/svg+xml')
      expect(new URL(url).pathname).toMatch(/^\/v1\/picture\/./)
    }
  },
)

describe('a reference to a user whose only member is invalid', () => {
  it.each([
    ['username', 5],
    ['username', 'a\u0000'],
    ['id', '1'],
    ['id', 1.5],
    ['href', {}],
  ])('is refused by the name of that member: %s %j', async (member, value) => {
    const { id } = await createChannel(server.main)
    const wrong = { [member]: value }
    const direct = await server.main.post(`/channels/${id}/members`, wrong).expect(400)
    expect(direct.body).toMatchObject({ field: member, code: 'invalid' })
    const within = await server.main.post(`/channels/${id}/invites`, { user: wrong }).expect(400)
    expect(within.body).toMatchObject({ field: `user.${member}`, code: 'invalid' })
  })

  it('is refused as a whole where it has several, or none', async () => {
    const { id } = await createChannel(server.main)
    for (const wrong of [{}, { id: 'x', username: 5 }, { name: 'x' }]) {
      const { body } = await server.main.post(`/channels/${id}/members`, wrong).expect(400)
      expect(body).toMatchObject({ field: 'body', message: 'body: must have an id or a username' })
    }
  })
})

describe('a body with a content coding', () => {
  it.each(['gzip', 'br', 'x-own', 'identity, gzip'])('is refused with 415 where it is %s', async (coding) => {
    const body = { name: coding, displayName: coding }
    const answer = await server.main.post('/users', body).set('content-encoding', coding).expect(415)
    expect(answer.headers['accept-encoding']).toBe('identity')
  })

  it('is refused by the token endpoint too', async () => {
    await supertest(server.url)
      .post('/oauth/token')
      .auth(server.main.clientId, server.main.clientSecret)
      .set('content-encoding', 'gzip')
      .type('form')
      .send({ grant_type: 'client_credentials' })
      .expect(415)
  })

  it('is accepted where the coding is identity', async () => {
    const body = { name: 'identity', displayName: 'x' }
    await server.main.post('/users', body).set('content-encoding', 'Identity').expect(200)
  })
})

describe('a number in properties', () => {
  const send = (number: string) =>
    server.main
      .post('/users')
      .type('json')
      .send(`{"name":"n${number}","displayName":"x","properties":{"a":[{"b":${number}}]}}`)

  it.each(['1e400', '-1e400', '9007199254740993', '-12345678901234567890'])(
    'is refused where it would lose precision: %s',
    async (number) => {
      const { body } = await send(number).expect(400)
      expect(body.field).toBe('properties')
    },
  )

  it.each(['9007199254740991', '-1.5', '1e-400', '0.1'])('is kept: %s', async (number) => {
    const { body } = await send(number).expect(200)
    expect(body.properties.a[0].b).toBe(Number(number))
  })
})

it.each(['%01%02', '%EF%BF%BF', 'a%08 b', '%3C%26', '\u{1f98a}'])(
  'the picture of %s is well-formed XML',
  async (name) => {
    const { body } = await supertest(server.url)
      .get(`/picture/${encodeURI(decodeURI(name))}`)
      .expect(200)
    const text = String(body)
    expect(text).toMatch(/^<svg .*<\/svg>$/s)
    expect(text).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|&(?!#\d+;)/u)
  },
)
