// Representations of all resources: spellings, path forms, headers, methods.
import { request as httpRequest } from 'node:http'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserDocument } from '../../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let main: TestApplication
let user: UserDocument
beforeAll(async () => {
  server = await startServer({ TRUST_PROXY: 'loopback', RATE_LIMIT_PER_SECOND: 'off' })
  main = server.main
  user = await createUser(main, { isGuest: true, properties: { camelKey: { snake_key: 1 } } })
})
afterAll(() => server.close())

const vendor = 'application/vnd.chatkitty+json'
const authorized = (test: supertest.Test) => test.set('authorization', `Bearer ${main.token}`)
const get = (path: string) => authorized(supertest(server.url).get(path))

describe('Accept', () => {
  const accepted: [string | undefined, string][] = [
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/json, text/plain, */*', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['application/hal+json', 'application/hal+json'],
    ['application/vnd.hal+json', 'application/vnd.hal+json'],
    ['application/vnd.chatkitty.v1+json', 'application/vnd.chatkitty.v1+json'],
    [vendor, vendor],
    [`${vendor},*/*;q=0.8`, vendor],
    [`application/json;q=0.5, ${vendor}`, vendor],
    [`application/json, ${vendor};q=0.5`, 'application/json'],
    [`image/png, ${vendor};q=0.1`, vendor],
    [`${vendor};q=0, */*`, 'application/json'],
    ['APPLICATION/VND.CHATKITTY+JSON', vendor],
  ]

  it.each(accepted)('%j is answered as %s', async (accept, type) => {
    // Without supertest, which always sends an Accept header.
    const answer = await new Promise<{ type: string; body: typeof user }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${main.token}`, ...(accept && { accept }) }
      httpRequest(`${server.url}/v1/users/${user.id}`, { headers }, async (response) => {
        const text = (await response.toArray()).join('')
        resolve({ type: response.headers['content-type'] ?? '', body: JSON.parse(text) })
      })
        .on('error', reject)
        .end()
    })
    expect(answer.type.split(';')[0]).toBe(type)
    expect(Object.keys(answer.body)).toContain(type === vendor ? 'display_name' : 'displayName')
  })

  it.each(['image/png', 'text/plain', 'application/xml', 'application/json;q=0', 'nonsense'])(
    '%j is not acceptable',
    async (accept) => {
      expectRefusal(await get('/v1/users').set('accept', accept), 406, 'NotAcceptableError')
    },
  )
})

describe('the naming convention', () => {
  const both = async (path: string) => {
    const camel = await get(path).set('accept', 'application/json').expect(200)
    const snake = await get(path).set('accept', vendor).expect(200)
    return [camel.body, snake.body]
  }

  it('follows the schema: isGuest, links and the keys of properties stay unchanged', async () => {
    const [camel, snake] = await both(`/v1/users/${user.id}`)
    const { displayName, displayPictureUrl, callStatus, ...same } = camel
    expect(snake).toEqual({
      ...same,
      display_name: displayName,
      display_picture_url: displayPictureUrl,
      call_status: callStatus,
    })
    expect(snake).toMatchObject({ isGuest: true, properties: { camelKey: { snake_key: 1 } } })
    expect(Object.keys(snake._links)).toContain('displayPicture')
  })

  it('applies to embedded documents, and to pages', async () => {
    const channel = await createChannel(main, { type: 'DIRECT', creator: { id: user.id } })
    await sendMessage(main, channel.id, {
      groupTag: 'g',
      user: { id: user.id },
      body: `<@${user.name}> http://a.example`,
    })
    const [, page] = await both('/v1/channels')
    expect(page.page).toEqual({ size: 25, total_elements: 1, total_pages: 1, number: 0 })
    const [found] = page._embedded.channels
    expect(found).toMatchObject({
      created_time: channel.createdTime,
      creator: { display_name: user.displayName, isGuest: true },
      members: [{ display_name: user.displayName }],
      last_received_message: {
        channel_id: channel.id,
        group_tag: 'g',
        user: { display_name: user.displayName, properties: { camelKey: { snake_key: 1 } } },
        links: [{ start_position: expect.any(Number) }],
        mentions: [{ end_position: expect.any(Number), user: { display_name: user.displayName } }],
      },
    })
    const [, messages] = await both(`/v1/channels/${channel.id}/messages`)
    expect(messages._embedded.messages[0]).toMatchObject({ channel_id: channel.id, nested_level: 0 })
    expect(messages.page).toMatchObject({ size: 25, total: 1 })
  })

  it('is accepted either way in requests, whatever the response uses', async () => {
    for (const [type, displayName] of [
      [vendor, 'displayName'],
      ['application/json', 'display_name'],
    ]) {
      const { body } = await authorized(supertest(server.url).post('/v1/users'))
        .set('accept', vendor)
        .type(type as string)
        .send(JSON.stringify({ name: `spelled-${displayName}`, [displayName as string]: 'Spelled' }))
        .expect(200)
      expect(body.display_name).toBe('Spelled')
    }
  })

  it('of the resource is that of the fields an error names', async () => {
    const post = (accept: string) =>
      authorized(supertest(server.url).post('/v1/users')).set('accept', accept).send({ name: 'x' })
    expect((await post(vendor)).body).toMatchObject({ field: 'display_name', code: 'missing_field' })
    expect((await post('application/json')).body).toMatchObject({
      field: 'displayName',
      code: 'missing_field',
    })
    expectRefusal(await post(vendor), 400)
  })
})

describe('path forms', () => {
  it('all four serve the same, and link to their own form', async () => {
    const application = `applications/${main.id}`
    const forms = [
      ['/v1', `/v1/${application}`],
      ['', `/${application}`],
      [`/v1/${application}`, `/v1/${application}`],
      [`/${application}`, `/${application}`],
      ['/v1/applications/me', `/v1/${application}`],
    ]
    const { _links, ...expected } = user
    for (const [form, base] of forms) {
      const { body } = await get(`${form}/users/${user.id}`).expect(200)
      expect(body).toEqual({
        ...expected,
        _links: {
          self: { href: `${server.url}${base}/users/${user.id}` },
          channels: { href: `${server.url}${base}/users/${user.id}/channels` },
          notifications: { href: `${server.url}${base}/users/${user.id}/notifications` },
          displayPicture: { href: `${server.url}${base}/users/${user.id}/display-picture` },
          application: { href: `${server.url}${base}` },
        },
      })
      const list = await get(`${form}/users?name=${user.name}`).expect(200)
      expect(list.body._links.self.href).toBe(`${server.url}${form}/users?name=${user.name}&page=0&size=25`)
    }
  })

  it('that name another application, or an unknown one, answer 404', async () => {
    const other = await server.createApplication()
    for (const id of [
      other.id,
      0,
      -1,
      `0${main.id}`,
      `${main.id}.0`,
      '99999999999999999999',
      'you',
      '%00',
      'constructor',
    ]) {
      for (const version of ['/v1', '']) {
        expectRefusal(await get(`${version}/applications/${id}/users`), 404, 'ResourceNotFoundError')
        expectRefusal(await get(`${version}/applications/${id}`), 404, 'ResourceNotFoundError')
      }
    }
  })

  it('link consistently: every link of a document can be followed', async () => {
    const { body } = await get(`/users/${user.id}`).expect(200)
    for (const rel of ['self', 'channels', 'displayPicture', 'application']) {
      const { pathname } = new URL(body._links[rel].href)
      expect((await get(pathname)).status, rel).toBeOneOf([200, 302])
    }
  })

  it('may end in a slash', async () => {
    await get('/v1/users/').expect(200)
  })

  it('start at a root that links to the application', async () => {
    for (const [root, application] of [
      ['/', '/application'],
      ['/v1', '/v1/application'],
    ] as const) {
      const { body } = await supertest(server.url).get(root).set('accept', 'application/json').expect(200)
      expect(body._links).toEqual({
        self: { href: server.url + root },
        application: { href: server.url + application },
      })
      await supertest(server.url).head(root).expect(200)
    }
  })
})

describe('response headers', () => {
  it('are those of the hosted API', async () => {
    const { headers, text } = await get(`/v1/users/${user.id}`).expect(200)
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/json/),
      'content-length': String(Buffer.byteLength(text)),
      'x-response-token': expect.stringMatching(/^[0-9A-F]{32}$/),
      'x-api-version': expect.stringMatching(/^v\d+\.\d+\.\d+$/),
      'x-content-type-options': 'nosniff',
      'x-xss-protection': '1; mode=block',
      'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
      pragma: 'no-cache',
      expires: '0',
      'x-frame-options': 'DENY',
    })
    expect(headers.vary).toContain('Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    expect(headers).not.toHaveProperty('strict-transport-security')
  })

  it('are sent with errors too, each with its own request id', async () => {
    const tokens = new Set()
    for (const path of ['/v1/users/4000000000', '/nowhere', '/v1/users/%00']) {
      const { headers } = await get(path)
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
      expect(headers['x-response-token']).toMatch(/^[0-9A-F]{32}$/)
      tokens.add(headers['x-response-token'])
    }
    expect(tokens.size).toBe(3)
  })

  it('require TLS only over TLS', async () => {
    const { headers } = await get('/v1/users').set('x-forwarded-proto', 'https')
    expect(headers['strict-transport-security']).toMatch(/^max-age=63072000\b/)
    const plain = await get('/v1/users')
    expect(plain.headers).not.toHaveProperty('strict-transport-security')
  })
})

describe('HEAD', () => {
  it('answers like GET without the body', async () => {
    const whole = await get(`/v1/users/${user.id}`)
    const answer = await authorized(supertest(server.url).head(`/v1/users/${user.id}`)).expect(200)
    expect(answer.text).toBeUndefined()
    expect(answer.headers['content-length']).toBe(whole.headers['content-length'])
    await authorized(supertest(server.url).head('/v1/users/4000000000')).expect(404)
  })
})

describe('a method that a path does not support', () => {
  const wrong = [
    ['put', '/v1/users', 'GET, POST, HEAD, OPTIONS'],
    ['post', '/v1/users/1', 'GET, PATCH, DELETE, HEAD, OPTIONS'],
    ['delete', '/application/settings', 'GET, PUT, HEAD, OPTIONS'],
    ['patch', '/v1/applications/me/messages', 'DELETE, GET, HEAD, OPTIONS'],
  ] as const

  it.each(wrong)('%s %s answers 405 and lists the supported ones', async (method, path, allow) => {
    const answer = await authorized(supertest(server.url)[method](path))
    expectRefusal(answer, 405, 'MethodNotAllowedError')
    expect(answer.headers.allow?.split(', ').sort()).toEqual(allow.split(', ').sort())
  })
})

describe('an unknown path', () => {
  it.each(['/nowhere', '/v1/nowhere', '/v1/users/1/nowhere', '/v2/users', '/v1/applications'])(
    '%s answers 404',
    async (path) => {
      expectRefusal(await get(path), 404, 'ResourceNotFoundError')
    },
  )
})

describe('CORS', () => {
  const preflight = (path: string, method: string) =>
    supertest(server.url)
      .options(path)
      .set('origin', 'https://app.example')
      .set('access-control-request-method', method)
      .set('access-control-request-headers', 'authorization,content-type')

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])('lets browsers use %s', async (method) => {
    for (const path of [
      '/v1/users',
      '/channels/1/members/2',
      '/v1/applications/me/messages',
      '/oauth/token',
    ]) {
      const { headers } = await preflight(path, method).expect(204)
      expect(headers['access-control-allow-origin']).toBe('*')
      expect(headers['access-control-allow-methods']?.split(', ')).toContain(method)
      expect(headers['access-control-allow-headers']?.toLowerCase().split(/, ?/)).toEqual(
        expect.arrayContaining(['authorization', 'content-type', 'accept']),
      )
    }
  })

  it('lets browsers read responses and errors', async () => {
    const answers = [
      await get('/v1/users').set('origin', 'https://app.example'),
      await supertest(server.url).get('/v1/users').set('origin', 'https://app.example'),
      await supertest(server.url).post('/oauth/token').set('origin', 'https://app.example'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 400])
    for (const { headers } of answers) expect(headers['access-control-allow-origin']).toBe('*')
  })
})
