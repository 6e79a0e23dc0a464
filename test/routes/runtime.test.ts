import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/protects.ts'
import { openRegistry, type Registry } from '../support/registry.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

const home = join(tmpdir(), `chatterie-home-${uuid()}`)

let registry: Registry
let server: TestServer
let main: TestApplication
beforeAll(async () => {
  registry = await openRegistry({
    'left-pad': '1.3.0',
    firebase: '9.8.4',
    '@google-cloud/storage': '7.1.0',
    uuid: '9.0.0',
    kept: '1.0.0',
  })
  server = await startServer({
    CHATTERIE_HOME: home,
    PUBLIC_URL: 'https://chat.example.com',
    ...registry.settings,
  })
  main = server.main
})
afterAll(async () => {
  await server.close()
  await registry.close()
})

const defaults = ['axios', 'axios-token-interceptor', 'chatkitty-platform-sdk', 'qs']
const presets = [
  'CHATKITTY_CLIENT_ID',
  'CHATKITTY_CLIENT_SECRET',
  'CHATKITTY_CHAT_SERVICE_BASE_URL',
  'CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL',
  'CHATKITTY_APPLICATION_ID',
]

const putDependencies = (body: unknown) => main.put('/runtimes/nodejs/dependencies', body)
const putVariables = (body: unknown) => main.put('/runtimes/nodejs/environment-variables', body)

describe('retrieveNodejsRuntime', () => {
  it('shows the environment of functions, and its links', async () => {
    const { body } = await main.get('/runtimes/nodejs').expect(200)
    expect(body).toMatchObject({
      id: expect.any(Number),
      type: 'NODEJS',
      version: expect.stringMatching(/^v\d+\.\d+\.\d+$/),
      environmentVariables: {
        CHATKITTY_CHAT_SERVICE_BASE_URL: 'https://chat.example.com',
        CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL: 'https://chat.example.com',
        CHATKITTY_APPLICATION_ID: String(main.id),
      },
    })
    expect(body).not.toHaveProperty('initializationScript')
    expect(Object.keys(body.environmentVariables)).toEqual(presets)
    const base = `https://chat.example.com/v1/applications/${main.id}`
    expect(body._links).toEqual({
      self: { href: `${base}/runtimes/nodejs` },
      dependencies: { href: `${base}/runtimes/nodejs/dependencies` },
      initializationScript: { href: `${base}/runtimes/nodejs/initialization-script` },
      functions: { href: `${base}/runtimes/nodejs/functions` },
      application: { href: base },
    })
  })

  it('has the default dependencies from the start', async () => {
    const { body } = await main.get('/runtimes/nodejs').expect(200)
    expect(body.dependencies).toEqual(
      defaults.map((name) => ({ name, version: expect.any(String), defaultDependency: true })),
    )
  })

  it('is created once per application, however many request it concurrently', async () => {
    const application = await server.createApplication()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => application.get('/runtimes/nodejs').expect(200)),
    )
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    const { body } = await main.get('/runtimes/nodejs')
    expect(body.id).not.toBe(answers[0]?.body.id)
  })

  it('shows only the start of the secret of its own client, which is valid for this application', async () => {
    const { body } = await main.get('/runtimes/nodejs').expect(200)
    const { CHATKITTY_CLIENT_ID: clientId, CHATKITTY_CLIENT_SECRET: shown } = body.environmentVariables
    expect(clientId).not.toBe(main.clientId)
    expect(shown).toMatch(/^[\w-]{4}\*{39}$/)
    const token = (secret: string) =>
      supertest(server.url)
        .post('/oauth/token')
        .auth(clientId, secret)
        .type('form')
        .send({ grant_type: 'client_credentials' })
    await token(shown).expect(401)
    const row = await server.ctx.db.prisma.runtime.findUniqueOrThrow({ where: { id: BigInt(body.id) } })
    const opened = await server.ctx.vault.open(
      row.environment ?? new Uint8Array(),
      `the environment of application ${main.id}`,
    )
    const { clientSecret } = JSON.parse(opened)
    expect(clientSecret.slice(0, 4)).toBe(shown.slice(0, 4))
    const { body: issued } = await token(clientSecret).expect(200)
    const { body: application } = await supertest(server.url)
      .get('/v1/application')
      .set('authorization', `Bearer ${issued.access_token}`)
      .expect(200)
    expect(application.id).toBe(main.id)
  })
})

describe('updateNodejsRuntimeDependencies', () => {
  it('replaces exactly the custom ones', async () => {
    await putDependencies([{ name: 'left-pad', version: '1.3.0' }]).expect(200)
    const { body } = await putDependencies([
      { name: 'firebase', version: '^9.8.2', default_dependency: false },
      { name: '@google-cloud/storage', version: '>=6 <8', defaultDependency: true },
    ]).expect(200)
    expect(body.dependencies.map(({ name }: { name: string }) => name)).toEqual([
      ...defaults,
      'firebase',
      '@google-cloud/storage',
    ])
    expect(body.dependencies.at(-1)).toEqual({
      name: '@google-cloud/storage',
      version: '>=6 <8',
      defaultDependency: false,
    })
    expect((await main.get('/runtimes/nodejs')).body.dependencies).toEqual(body.dependencies)
    const emptied = await putDependencies([]).expect(200)
    expect(emptied.body.dependencies).toHaveLength(defaults.length)
  })

  it('accepts what it returned', async () => {
    const { body: before } = await putDependencies([{ name: 'uuid', version: '9.0.0' }]).expect(200)
    const { body: after } = await putDependencies(before.dependencies).expect(200)
    expect(after).toEqual(before)
  })

  it.each([
    ['a name that npm does not take', [{ name: 'Not A Package', version: '1.0.0' }], '0.name'],
    ['a path for a name', [{ name: '../../etc', version: '1.0.0' }], '0.name'],
    ['an option of npm for a name', [{ name: '--global', version: '1.0.0' }], '0.name'],
    ['a URL for a version', [{ name: 'qs2', version: 'git+https://example.com/x.git' }], '0.version'],
    ['a tag for a version', [{ name: 'qs2', version: 'latest' }], '0.version'],
    ['a blank version', [{ name: 'qs2', version: ' ' }], '0.version'],
    ['no version', [{ name: 'qs2' }], '0.version'],
    ['another version of a default dependency', [{ name: 'axios', version: '^1.0.0' }], '0.version'],
    [
      'a package twice',
      [
        { name: 'qs2', version: '1' },
        { name: 'qs2', version: '2' },
      ],
      '1.name',
    ],
    ['an object', { firebase: '^9.8.2' }, 'body'],
    ['what the registry does not have', [{ name: 'nobody-wrote-this', version: '1.0.0' }], 'dependencies'],
    ['a version that does not exist', [{ name: 'uuid', version: '^10.0.0' }], 'dependencies'],
    ['more than 100', Array.from({ length: 101 }, (_, i) => ({ name: `p${i}`, version: '1' })), 'body'],
  ])('refuses %s, and changes nothing', async (_, body, field) => {
    await putDependencies([{ name: 'kept', version: '1.0.0' }]).expect(200)
    const answer = await putDependencies(body)
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body.errors[0]).toMatchObject({ resource: 'runtime', field })
    const { body: runtime } = await main.get('/runtimes/nodejs')
    expect(runtime.dependencies.at(-1).name).toBe('kept')
  })
})

describe('updateNodejsRuntimeEnvironmentVariables', () => {
  it('replaces the variables and leaves their names unchanged', async () => {
    await putVariables({ OLD: '1' }).expect(200)
    const given = { AWS_REGION: 'us-east-1', camelCase: 'a', snake_case: 'b', _x: '', __proto_: 'ü' }
    const { body } = await putVariables(given).expect(200)
    const { body: snake } = await main
      .get('/runtimes/nodejs')
      .set('accept', 'application/vnd.chatkitty+json')
      .expect(200)
    for (const variables of [body.environmentVariables, snake.environment_variables]) {
      expect(Object.keys(variables)).toEqual([...presets, ...Object.keys(given)])
      expect(variables).toMatchObject(given)
    }
  })

  it('names a wrong one as it was sent, also in the snake representation', async () => {
    for (const name of ['API_KEY', 'camelCase']) {
      const answer = await putVariables({ [name]: 5 }).set('accept', 'application/vnd.chatkitty+json')
      expectRefusal(answer, 400)
      expect(answer.body).toMatchObject({ field: name, code: 'invalid' })
    }
  })

  it('accepts hostile names as data', async () => {
    const { text } = await main
      .put('/runtimes/nodejs/environment-variables', JSON.parse('{"__proto__":"x","constructor":"y"}'))
      .expect(200)
    expect(text).toContain('"__proto__":"x","constructor":"y"')
  })

  it('accepts what it returned, and does not change the preset ones', async () => {
    const { body: before } = await putVariables({ MINE: '1' }).expect(200)
    const changed = { ...before.environmentVariables, CHATKITTY_CLIENT_ID: 'other' }
    const { body: after } = await putVariables(changed).expect(200)
    expect(after).toEqual(before)
  })

  it('stores them encrypted, with a key that only the owner can read', async () => {
    await putVariables({ TOKEN: 'a-secret-of-the-customer' }).expect(200)
    const rows = await server.ctx.db.query({ text: 'select environment from runtime' }, [])
    const bytes = Buffer.concat(rows.map((row) => row[0] as Buffer))
    expect(bytes.length).toBeGreaterThan(100)
    expect(bytes.includes('secret')).toBe(false)
    expect((await stat(join(home, 'encryption-key'))).mode & 0o777).toBe(0o600)
  })

  it('recovers from a lost key when the variables are set again', async () => {
    const application = await server.createApplication()
    await application.get('/runtimes/nodejs').expect(200)
    await server.ctx.db.query(
      { text: `update runtime set environment = '\\x01' || sha512('x') where application_id = $1` },
      [application.id],
    )
    expectRefusal(await application.get('/runtimes/nodejs'), 500, 'InternalServerError')
    const { body } = await application.put('/runtimes/nodejs/environment-variables', { A: '1' }).expect(200)
    expect(body.environmentVariables.A).toBe('1')
    await application.get('/runtimes/nodejs').expect(200)
  })

  it.each([
    ['a number', { N: 1 }, 'N'],
    ['null', { N: null }, 'N'],
    ['a map in the map', { N: { a: 'b' } }, 'N'],
    ['a name with a digit first', { '1ST': 'x' }, '1ST'],
    ['a name with =', { 'A=B': 'x' }, 'A=B'],
    ['an empty name', { '': 'x' }, 'body'],
    ['NUL', { N: 'a\0b' }, 'N'],
    ['an array', ['x'], 'body'],
    ['too many', Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`V${i}`, ''])), 'body'],
    ['too much', { BIG: 'x'.repeat(65_537) }, 'body'],
  ])('refuses %s', async (_, body, field) => {
    const answer = await putVariables(body)
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body).toMatchObject({ resource: 'runtime', field, code: 'invalid' })
  })
})

describe('updateNodejsRuntimeInitializationScript', () => {
  it('replaces the script, and an empty one removes it', async () => {
    const script = "import firebase from 'firebase';\r\nexport { firebase }"
    const put = (body: unknown) => main.put('/runtimes/nodejs/initialization-script', body)
    expect((await put({ script }).expect(200)).body.initializationScript).toEqual({ script })
    expect((await main.get('/runtimes/nodejs')).body.initializationScript).toEqual({ script })
    expect((await put({ script: '' }).expect(200)).body).not.toHaveProperty('initializationScript')
  })

  it('refuses an invalid script', async () => {
    for (const body of [{}, { script: 7 }, { script: 'x'.repeat(500_001) }]) {
      expectRefusal(await main.put('/runtimes/nodejs/initialization-script', body), 400, 'ClientError')
    }
  })
})
