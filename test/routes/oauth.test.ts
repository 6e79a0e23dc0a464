import { createHash } from 'node:crypto'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashSecret } from '#domain/applications/secrets.ts'
import { expectRefusal, tokenWith } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

const grant = { grant_type: 'client_credentials' }
const everything = 'create:* read:* update:* delete:*'
const ask = () => supertest(server.url).post('/oauth/token')
const basic = () => ask().auth(main.clientId, main.clientSecret)
const usersWith = (token: string) =>
  supertest(server.url).get('/v1/users').set('authorization', `Bearer ${token}`)

/** `hash` as in the database. */
const storedAs = (token: string) => createHash('sha256').update(token).digest()

describe('every form of the request', () => {
  const credentials = () => ({ client_id: main.clientId, client_secret: main.clientSecret })
  const parts = () => ({ username: main.clientId, password: main.clientSecret })
  const forms: [string, () => supertest.Test][] = [
    ['multipart with HTTP Basic', () => basic().field(grant)],
    ['multipart with HTTP Basic and the credentials again', () => basic().field({ ...grant, ...parts() })],
    ['multipart with username and password', () => ask().field({ ...grant, ...parts() })],
    ['multipart with client_id and client_secret', () => ask().field({ ...grant, ...credentials() })],
    ['a form with HTTP Basic', () => basic().type('form').send(grant)],
    [
      'a form with client_id and client_secret',
      () =>
        ask()
          .type('form')
          .send({ ...grant, ...credentials() }),
    ],
    [
      'a form with username and password',
      () =>
        ask()
          .type('form')
          .send({ ...grant, ...parts() }),
    ],
    ['HTTP Basic and the grant in the query', () => basic().query(grant)],
  ]

  it.each(forms)('answers %s', async (_, form) => {
    const { body, headers, type } = await form().expect(200)
    expect(type).toBe('application/json')
    expect(headers['cache-control']).toContain('no-store')
    expect(body).toEqual({
      access_token: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      token_type: 'bearer',
      expires_in: 43_200,
      scope: everything,
    })
    await usersWith(body.access_token).expect(200)
  })

  it('ignores the credentials in the form beside HTTP Basic', async () => {
    const wrong = { username: 'x', password: 'y', client_id: 'x', client_secret: 'y' }
    await basic()
      .type('form')
      .send({ ...grant, ...wrong })
      .expect(200)
  })
})

describe('scope', () => {
  it('is the requested one, or everything where none was requested', async () => {
    const scoped = await basic()
      .type('form')
      .send({ ...grant, scope: 'read:user create:message' })
      .expect(200)
    expect(scoped.body.scope).toBe('read:user create:message')
    const blank = await basic()
      .type('form')
      .send({ ...grant, scope: '' })
      .expect(200)
    expect(blank.body.scope).toBe(everything)
  })

  it('grants what it names and nothing else', async () => {
    const token = await tokenWith(server, main, 'read:user')
    await usersWith(token).expect(200)
    const post = supertest(server.url).post('/v1/users').set('authorization', `Bearer ${token}`)
    const refusal = await post.send({ name: 'a', displayName: 'A' })
    expectRefusal(refusal, 403, 'insufficient_scope')
    // RFC 6750 section 3
    expect(refusal.headers['www-authenticate']).toBe('Bearer realm="chatterie", error="insufficient_scope"')
  })

  it.each(['own:*', 'read', 'read:*:more', 'read:user write:user', 'READ:*'])('refuses %s', async (scope) => {
    const answer = await basic()
      .type('form')
      .send({ ...grant, scope })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({ error: 'invalid_scope', error_description: `Invalid scope: ${scope}` })
  })
})

describe('credentials in HTTP Basic', () => {
  const secret = 'p+q%20r&s=tu/z'
  let clientId: string
  beforeAll(async () => {
    const application = await server.createApplication()
    clientId = application.clientId
    const statement = {
      text: 'update credential set secret_hash = $1 where client_id = $2 returning client_id',
    }
    expect(await server.ctx.db.query(statement, [await hashSecret(secret), clientId])).toHaveLength(1)
  })
  const askWith = (id: string, given: string) => ask().auth(id, given).type('form').send(grant)

  it('are accepted raw, as most clients send them, and form-encoded, as RFC 6749 2.3.1 requires', async () => {
    await askWith(clientId, secret).expect(200)
    await askWith(clientId, encodeURIComponent(secret)).expect(200)
    await askWith(
      encodeURIComponent(clientId),
      new URLSearchParams([['', secret]]).toString().slice(1),
    ).expect(200)
  })

  it.each(['p+q%2', '%zz', '%ff', 'p%2Bq%2520r%26s%3Dtu%2F', '%00', '%'])(
    'are rejected where the secret is %s',
    async (wrong) => {
      await askWith(clientId, wrong).expect(401)
    },
  )
})

describe('errors', () => {
  const wrong: [string, () => supertest.Test][] = [
    ['no credentials', () => ask().type('form').send(grant)],
    ['a wrong secret', () => ask().auth(main.clientId, 'wrong').type('form').send(grant)],
    ['an unknown client', () => ask().auth('nobody', main.clientSecret).type('form').send(grant)],
    [
      'a wrong secret in the form',
      () =>
        ask()
          .type('form')
          .send({ ...grant, client_id: main.clientId, client_secret: 'x' }),
    ],
    ['a wrong secret in multipart', () => ask().field({ ...grant, username: main.clientId, password: 'x' })],
    ['the API key for the secret', () => ask().auth(main.clientId, main.apiKey).type('form').send(grant)],
    ['Basic without a colon', () => ask().set('authorization', 'Basic bm9ib2R5').type('form').send(grant)],
    ['Basic that is no base64', () => ask().set('authorization', 'Basic ?').type('form').send(grant)],
    [
      'a client id with NUL',
      () =>
        ask()
          .type('form')
          .send({ ...grant, client_id: 'a\u0000', client_secret: 'x' }),
    ],
    ['Basic with NUL', () => ask().auth('a\u0000b', 'c\u0000').type('form').send(grant)],
    [
      'Basic in broken UTF-8',
      () =>
        ask()
          .set('authorization', `Basic ${Buffer.from([255, 58, 254]).toString('base64')}`)
          .field(grant),
    ],
    ['a client id of 4 KB', () => ask().auth('a'.repeat(4_000), 'b').type('form').send(grant)],
  ]

  it.each(wrong)('are invalid_client for %s', async (_, form) => {
    const answer = await form()
    expect(answer.status, answer.text).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(/^Basic /)
    expect(answer.body).toEqual({ error: 'invalid_client', error_description: 'Bad client credentials' })
  })

  it('are invalid_request where the grant type is missing', async () => {
    for (const form of [
      basic(),
      basic().type('form').send({ grant_type: '' }),
      basic().field({ scope: 'read:*' }),
    ]) {
      const answer = await form
      expect(answer.status, answer.text).toBe(400)
      expect(answer.body).toEqual({ error: 'invalid_request', error_description: 'Missing grant type' })
    }
  })

  it('are invalid_request where the request cannot be read', async () => {
    const unreadable: [supertest.Test, string][] = [
      [
        basic().type('json').send('{'),
        "Body is not valid JSON but content-type is set to 'application/json'",
      ],
      [
        basic().attach('grant_type', Buffer.from('client_credentials'), 'grant_type'),
        'A form may have 16 fields and no files',
      ],
    ]
    for (const [form, error_description] of unreadable) {
      const answer = await form
      expect(answer.status, answer.text).toBe(400)
      expect(answer.body).toEqual({ error: 'invalid_request', error_description })
    }
  })

  it('are invalid_request where a part of the form is not the JSON that it says it is', async () => {
    const answer = await basic()
      .field(grant)
      .attach('scope', Buffer.from('{'), { contentType: 'application/json' })
    expect(answer.status, answer.text).toBe(400)
    expect(answer.body).toEqual({
      error: 'invalid_request',
      error_description: 'The form is not valid multipart/form-data',
    })
  })

  it.each(['password', 'authorization_code', 'refresh_token', '__proto__', 'constructor'])(
    'are unsupported_grant_type for %j',
    async (grant_type) => {
      const answer = await basic().type('form').send({ grant_type })
      expect(answer.status, answer.text).toBe(400)
      expect(answer.body).toEqual({
        error: 'unsupported_grant_type',
        error_description: `Unsupported grant type: ${grant_type}`,
      })
    },
  )

  const broken: [string, () => supertest.Test, number][] = [
    ['a file among the parts', () => basic().field(grant).attach('file', Buffer.from('x'), 'x.txt'), 400],
    ['a part of 8 KB', () => basic().field({ ...grant, scope: 'x'.repeat(8_192) }), 400],
    ['a grant type with NUL', () => basic().type('form').send({ grant_type: '\u0000' }), 400],
    [
      'a hundred parts',
      () => basic().field(Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`f${at}`, 'x']))),
      400,
    ],
    [
      'a form of 2 MB',
      () =>
        basic()
          .type('form')
          .send(`grant_type=${'x'.repeat(2_097_152)}`),
      413,
    ],
    ['multipart without a boundary', () => basic().set('content-type', 'multipart/form-data').send('x'), 400],
    [
      'multipart that is cut off',
      () => basic().set('content-type', 'multipart/form-data; boundary=b').send('--b\r\nContent-Disp'),
      400,
    ],
    ['text', () => basic().type('text/plain').send('grant_type=client_credentials'), 400],
  ]

  it.each(broken)('are answered for %s', async (_, form, status) => {
    const answer = await form()
    expect(answer.status, answer.text).toBe(status)
    expect(answer.body.error).toEqual(expect.any(String))
  })
})

describe('a token', () => {
  it('is stored as a hash only', async () => {
    const token = await tokenWith(server, main, 'read:*')
    const rows = await server.ctx.db.query({ text: 'select hash, access_token::text from access_token' }, [])
    expect(rows.map(([hash]) => hash)).toContainEqual(storedAs(token))
    expect(JSON.stringify(rows.map(([, row]) => row))).not.toContain(token)
    const secrets = await server.ctx.db.query({ text: 'select secret_hash from credential' }, [])
    expect(JSON.stringify(secrets)).not.toContain(main.clientSecret)
  })

  it('is one of many that a client may have', async () => {
    const [first, second] = [await tokenWith(server, main, 'read:*'), await tokenWith(server, main, 'read:*')]
    expect(first).not.toBe(second)
    await usersWith(first).expect(200)
    await usersWith(second).expect(200)
  })

  it('is accepted for its own application only', async () => {
    const other = await server.createApplication()
    const { body } = await other.get('/application').expect(200)
    expect(body.id).toBe(other.id)
    expect(other.id).not.toBe(main.id)
  })

  it('lasts for twelve hours', async () => {
    const token = await tokenWith(server, main, 'read:*')
    const { expiresTime } = await server.ctx.db.prisma.accessToken.findUniqueOrThrow({
      where: { hash: new Uint8Array(storedAs(token)) },
    })
    const lifetime = expiresTime.getTime() - Date.now()
    expect(lifetime).toBeGreaterThan(43_200_000 - 60_000)
    expect(lifetime).toBeLessThanOrEqual(43_200_000)
  })

  it('is rejected once it has expired, even if it was accepted before', async () => {
    const token = await tokenWith(server, main, 'read:*')
    const expiresTime = new Date(Date.now() + 4_000)
    await server.ctx.db.prisma.accessToken.update({
      where: { hash: new Uint8Array(storedAs(token)) },
      data: { expiresTime },
    })
    await usersWith(token).expect(200)
    await expect.poll(async () => (await usersWith(token)).status).toBe(401)
    expect(Date.now()).toBeGreaterThanOrEqual(expiresTime.getTime())
    expectRefusal(await usersWith(token), 401, 'invalid_token')
  })

  it('is revoked with its application', async () => {
    const doomed = await server.createApplication()
    await doomed.get('/users').expect(200)
    await server.ctx.db.prisma.application.delete({ where: { id: BigInt(doomed.id) } })
    server.ctx.tokens.forget()
    expectRefusal(await doomed.get('/users'), 401, 'invalid_token')
    const again = await ask().auth(doomed.clientId, doomed.clientSecret).type('form').send(grant)
    expect(again.body.error).toBe('invalid_client')
    await main.get('/users').expect(200)
  })

  it('is accepted in the query too, and the header takes precedence', async () => {
    const plain = (query: string) => supertest(server.url).get(`/v1/users?access_token=${query}`)
    await plain(main.token).expect(200)
    expectRefusal(await plain('garbage'), 401, 'invalid_token')
    expectRefusal(await plain(''), 401, 'unauthorized')
    expectRefusal(await plain(main.token).set('authorization', 'Bearer garbage'), 401, 'invalid_token')
  })

  it('is never shown in links', async () => {
    const { text } = await supertest(server.url)
      .get(`/v1/users?size=1&access_token=${main.token}`)
      .expect(200)
    expect(text).not.toContain(main.token)
  })

  it.each(['', 'Bearer', 'Bearer ', 'Basic x', 'Token x', 'Bearer a b'])(
    'is not found in the header %j',
    async (header) => {
      const answer = await supertest(server.url).get('/v1/users').set('authorization', header)
      expectRefusal(answer, 401, 'unauthorized')
    },
  )

  it('may be called bearer in any case', async () => {
    await supertest(server.url).get('/v1/users').set('authorization', `bearer  ${main.token}`).expect(200)
  })
})
