// Sign-in with an OpenID Connect provider: a real one, in this process.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import Provider from 'oidc-provider'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AdminSession } from '#resources/admin/operator.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let provider: Server
let issuer: string
let server: TestServer
let owner: AdminClient
/** The claims of the provider's accounts. */
let accounts: Record<string, object> = {}
/** The provider's signing key, and a foreign one. */
const [own, strange] = await Promise.all([
  generateKeyPair('RS256', { extractable: true }),
  generateKeyPair('RS256'),
])
/** Replaces the provider's ID token. */
let forge: ((claims: JWTPayload) => Promise<string> | string) | undefined

const sign = (claims: JWTPayload, { privateKey }: typeof own) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(privateKey)

beforeAll(async () => {
  provider = createServer().listen(0, '127.0.0.1')
  await once(provider, 'listening')
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  server = await startServer({
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'chatterie',
    OIDC_CLIENT_SECRET: 'a secret of the client',
    OIDC_ALLOWED: 'example.com, eve@elsewhere.org',
    OIDC_ONLY: 'on',
  })
  const redirect = `${server.url}/console/sign-in/oidc/callback`
  const oidc = new Provider(issuer, {
    clients: [{ client_id: 'chatterie', client_secret: 'a secret of the client', redirect_uris: [redirect] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['chatterie_role'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, ...accounts[sub] }),
    }),
    pkce: { required: () => true },
    cookies: { keys: ['a key of the test'] },
    jwks: { keys: [{ ...(await exportJWK(own.privateKey)), kid: 'own', alg: 'RS256', use: 'sig' }] },
  })
  oidc.use(async (context, next) => {
    await next()
    const { id_token: idToken } = (context.body ?? {}) as { id_token?: string }
    if (!forge || !idToken) return
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString())
    context.body = { ...(context.body as object), id_token: await forge(claims) }
  })
  provider.on('request', oidc.callback())
  owner = await createAdmin(server, 'owner')
})
afterAll(async () => {
  await server.close()
  provider.close()
  provider.closeAllConnections()
})
afterEach(() => {
  accounts = {}
  forge = undefined
})

/** A browser that follows redirects with its cookies, and signs in to the provider. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()

  cookies(url: string): Map<string, string> {
    const { host } = new URL(url)
    const known = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, known)
    return known
  }

  /** Follows redirects until Chatterie answers without a redirect to another origin. */
  async go(url: string, login: string, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.cookies(url)].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      this.cookies(url).set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === `${server.url}/console`) return answer
    if (location) return this.go(new URL(location, url).href, login)
    if (!url.startsWith(issuer)) return answer
    const page = await answer.text()
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
    const action = /action="([^"]+)"/.exec(page)?.[1]
    if (!prompt || !action) throw new Error(page)
    return this.go(new URL(action, url).href, login, new URLSearchParams({ prompt, login, password: 'x' }))
  }

  signIn(login: string): Promise<Response> {
    return this.go(`${server.url}/console/sign-in/oidc`, login)
  }

  /** The operator that the console shows. */
  async session(): Promise<AdminSession> {
    const session = this.cookies(server.url).get('chatterie_session')
    const headers = { cookie: `chatterie_session=${session}` }
    return (await fetch(`${server.url}/admin/v1/session`, { headers })).json() as Promise<AdminSession>
  }
}

const ada = { email: 'Ada@example.com', email_verified: true }

describe('single sign-on', () => {
  it('uses PKCE and a state, and starts a session that other sites cannot use', async () => {
    const answer = await fetch(`${server.url}/console/sign-in/oidc`, { redirect: 'manual' })
    const { searchParams } = new URL(answer.headers.get('location') ?? '')
    expect(searchParams.get('code_challenge_method')).toBe('S256')
    expect(searchParams.get('state')).toMatch(/^[\w-]{20,}$/)
    expect(searchParams.get('nonce')).toMatch(/^[\w-]{43}$/)
    accounts = { ada }
    const browser = new Browser()
    const there = await browser.signIn('ada')
    expect(there.headers.get('location')).toBe(`${server.url}/console`)
    expect(there.headers.getSetCookie().join()).toMatch(
      /chatterie_session=[\w-]{43}.*HttpOnly; SameSite=Strict/,
    )
    const session = await browser.session()
    expect(session).toMatchObject({
      operator: { username: 'ada@example.com', role: 'viewer', signIn: 'sso' },
      csrfToken: expect.any(String),
    })
    const { body } = await owner.get('/audit?actor=ada@example.com').expect(200)
    expect(body.items.map(({ action }: { action: string }) => action)).toEqual([
      'session.created',
      'operator.created',
    ])
  })

  it('gives the role that the provider states now', async () => {
    for (const [claim, role] of [
      ['owner', 'owner'],
      [['viewer', 'developer', 'nonsense'], 'developer'],
      ['king', 'viewer'],
      [undefined, 'viewer'],
    ]) {
      accounts = { bea: { ...ada, email: 'bea@example.com', chatterie_role: claim } }
      const browser = new Browser()
      await browser.signIn('bea')
      expect((await browser.session()).role).toBe(role)
    }
    const { body } = await owner.get('/operators?limit=100').expect(200)
    const named = body.items.filter(({ username }: { username: string }) => username === 'bea@example.com')
    expect(named).toHaveLength(1)
  })

  it.each([
    ['an address that is not verified', { email: 'cy@example.com', email_verified: false }],
    ['an address without a claim of verification', { email: 'cy@example.com' }],
    ['no address', { email_verified: true }],
    ['an address of another domain', { email: 'cy@example.org', email_verified: true }],
    ['an address of a domain with the same ending', { email: 'cy@notexample.com', email_verified: true }],
    ['an address of a subdomain', { email: 'cy@sub.example.com', email_verified: true }],
  ])('refuses %s', async (_, account) => {
    accounts = { cy: account }
    const browser = new Browser()
    expectRefusal(await plain(await browser.signIn('cy')), 403, 'access_denied')
    expect(browser.cookies(server.url).get('chatterie_session')).toBeUndefined()
  })

  it('accepts an address that is allowed individually', async () => {
    accounts = { eve: { email: 'eve@elsewhere.org', email_verified: true } }
    const browser = new Browser()
    await browser.signIn('eve')
    expect((await browser.session()).operator?.username).toBe('eve@elsewhere.org')
  })

  it('accepts the ID token that the provider signed', async () => {
    accounts = { ida: { ...ada, email: 'ida@example.com' } }
    forge = (claims) => sign(claims, own) // as the forged ones below are, but for what is wrong with them
    const browser = new Browser()
    await browser.signIn('ida')
    expect((await browser.session()).operator?.username).toBe('ida@example.com')
  })

  const unsigned = (claims: JWTPayload) =>
    `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
  it.each<[string, (claims: JWTPayload) => Promise<string> | string]>([
    ['with the signature of another key', (claims) => sign(claims, strange)],
    ['without a signature', unsigned],
    [
      'signed with what is public',
      (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: 'own' })
          .sign(Buffer.from('a secret of the client')),
    ],
    ['of another issuer', (claims) => sign({ ...claims, iss: 'https://elsewhere.example' }, own)],
    ['for another client', (claims) => sign({ ...claims, aud: 'another' }, own)],
    [
      'that was made for another client',
      (claims) => sign({ ...claims, aud: ['chatterie', 'another'], azp: 'another' }, own),
    ],
    ['that has expired', (claims) => sign({ ...claims, exp: Math.floor(Date.now() / 1_000) - 60 }, own)],
    ['that never expires', ({ exp: _, ...claims }) => sign(claims, own)],
    ['with the nonce of another browser', (claims) => sign({ ...claims, nonce: 'of another' }, own)],
    ['without a nonce', ({ nonce: _, ...claims }) => sign(claims, own)],
    ['of another subject', (claims) => sign({ ...claims, sub: 'bea' }, own)],
    ['that is no JWT', () => 'nonsense'],
  ])('refuses an ID token %s', async (_, forged) => {
    accounts = { ada }
    forge = forged
    const browser = new Browser()
    expectRefusal(await plain(await browser.signIn('ada')), 403, 'access_denied')
    expect(browser.cookies(server.url).get('chatterie_session')).toBeUndefined()
  })

  it('refuses a response for another browser, or one that was used', async () => {
    const callback = `${server.url}/console/sign-in/oidc/callback`
    for (const query of ['', '?code=x', '?code=x&state=y', '?error=access_denied&state=y']) {
      expectRefusal(await plain(await fetch(callback + query)), 403, 'access_denied')
    }
    const cookie = 'oauth2-redirect-state=y; oauth2-code-verifier=z'
    const forged = await fetch(`${callback}?code=x&state=y`, { headers: { cookie } })
    expectRefusal(await plain(forged), 403, 'access_denied')
  })

  it('is the only way to sign in where passwords are disabled', async () => {
    await owner.post('/operators', { username: 'dan', password: 'correct horse', role: 'viewer' }).expect(201)
    const answer = await fetch(`${server.url}/admin/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'dan', password: 'correct horse' }),
    })
    expectRefusal(await plain(answer), 403, 'access_denied')
  })

  it('refuses an account with the name of another operator', async () => {
    await owner
      .post('/operators', { username: 'fay@example.com', password: 'correct horse', role: 'owner' })
      .expect(201)
    accounts = { fay: { email: 'fay@example.com', email_verified: true } }
    expectRefusal(await plain(await new Browser().signIn('fay')), 403, 'access_denied')
  })
})

describe('a provider that is unavailable', () => {
  it('does not delay a start, and is used once it is available', async () => {
    const nobody = createServer().listen(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port } = nobody.address() as AddressInfo
    nobody.close()
    const lonely = await startServer({
      OIDC_ISSUER: `http://127.0.0.1:${port}`,
      OIDC_CLIENT_ID: 'x',
      OIDC_CLIENT_SECRET: 'x',
    })
    const answer = await fetch(`${lonely.url}/console/sign-in/oidc`, { redirect: 'manual' })
    expect(answer.status).toBe(503)
    await answer.text()
    const at = `http://127.0.0.1:${port}`
    const metadata = {
      issuer: at,
      authorization_endpoint: `${at}/auth`,
      token_endpoint: `${at}/token`,
      userinfo_endpoint: `${at}/me`,
      jwks_uri: `${at}/jwks`,
      code_challenge_methods_supported: ['S256'],
    }
    const back = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata))
    }).listen(port, '127.0.0.1')
    await once(back, 'listening')
    const again = await fetch(`${lonely.url}/console/sign-in/oidc`, { redirect: 'manual' })
    expect(again.headers.get('location')).toMatch(`${at}/auth?`)
    await lonely.close()
    back.close()
    back.closeAllConnections()
  })

  it('is not offered without settings', async () => {
    const plainServer = await startServer()
    const answer = await fetch(`${plainServer.url}/console/sign-in/oidc`, { redirect: 'manual' })
    expect(answer.status).toBe(404)
    await answer.text()
    await plainServer.close()
  })
})

/** Converts an answer for expectRefusal. */
async function plain(answer: Response) {
  const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
  return { status: answer.status, type, text: await answer.text() }
}
