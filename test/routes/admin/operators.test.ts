// Operators, their sessions and admin keys: who has access, and when it ends.
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildApp } from '#app.ts'
import { insertOperator, type NewOperator } from '#data/operators/operators.ts'
import { ensureFirstOperator } from '#domain/operators/ensure-first-operator.ts'
import { hashGenerated } from '#domain/operators/passwords.ts'
import { readOperator } from '#secrets/kept-credentials.ts'
import { type AdminClient, createAdmin, signIn } from '../../support/admin.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let owner: AdminClient
beforeAll(async () => {
  server = await startServer({ TRUST_PROXY: 'loopback' })
  owner = await createAdmin(server, 'owner')
})
afterAll(() => server.close())

const password = 'correct horse battery'

/** Creates an operator with a new name through the API. */
async function createOperator(): Promise<{ id: number; username: string }> {
  const { body } = await owner
    .post('/operators', { username: `o-${uuid()}`, password, role: 'viewer' })
    .expect(201)
  return body
}

/** Creates an operator whose password is checked in less than 150 ms. */
async function addOperator(more: Partial<NewOperator> = {}): Promise<{ id: number; username: string }> {
  const passwordHash = await hashGenerated(password)
  return server.ctx.db.transact((tx) =>
    insertOperator(tx, {
      username: `o-${uuid()}`,
      passwordHash,
      role: 'viewer',
      applicationIds: [],
      ...more,
    }),
  )
}

/** Attempts to sign in from an address. */
const attempt = (username: string, given: string, from: string) =>
  supertest(server.url)
    .post('/admin/v1/session')
    .set('x-forwarded-for', from)
    .send({ username, password: given })

describe('signing in', () => {
  it('gives a cookie that scripts cannot read and other sites cannot send', async () => {
    const { username } = await createOperator()
    const answer = await attempt(username, password, '192.0.2.1').expect(200)
    expect(answer.body.operator).toMatchObject({ username, role: 'viewer', signIn: 'password' })
    const cookie = String(answer.headers['set-cookie'])
    expect(cookie).toMatch(/^chatterie_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
    const secure = await attempt(username, password, '192.0.2.1').set('x-forwarded-proto', 'https')
    expect(String(secure.headers['set-cookie'])).toMatch(/; Secure/)
  })

  it('stores no password, cookie or key in plain text', async () => {
    const { username } = await createOperator()
    const { cookie } = await signIn(server, username, password)
    const tables = ['operator', 'operator_session', 'admin_key', 'audit_entry']
    for (const table of tables) {
      const { rows } = await server.ctx.db.pool.query(`select t::text as row from ${table} t`)
      const all = JSON.stringify(rows)
      for (const secret of [password, cookie.split('=')[1] ?? '', owner.key])
        expect(all).not.toContain(secret)
    }
  })

  it('gives the same answer for a wrong name and a wrong password', async () => {
    const { username } = await createOperator()
    const wrong = await attempt(username, 'wrong password', '192.0.2.2').expect(401)
    const unknown = await attempt(`no-${username}`, password, '192.0.2.2').expect(401)
    expect(unknown.body).toEqual(wrong.body)
  })

  it('is refused after five wrong passwords for one name, wherever they come from', async () => {
    const { username } = await addOperator()
    for (let at = 0; at < 5; at++) await attempt(username, 'wrong', `192.0.2.1${at}`).expect(401)
    const refused = await attempt(username, password, '192.0.2.20').expect(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
    const { username: other } = await addOperator()
    await attempt(other, password, '192.0.2.10').expect(200)
  })

  it('is refused after five wrong passwords across all processes', async () => {
    const { username } = await addOperator()
    const other = await buildApp(server.ctx)
    const there = (given: string, from: string) =>
      other.inject({
        method: 'POST',
        url: '/admin/v1/session',
        headers: { 'x-forwarded-for': from },
        payload: { username, password: given },
      })
    try {
      for (let at = 0; at < 3; at++) await attempt(username, 'wrong', `192.0.2.5${at}`).expect(401)
      for (let at = 3; at < 5; at++) expect((await there('wrong', `192.0.2.5${at}`)).statusCode).toBe(401)
      expect((await there(password, '192.0.2.56')).statusCode).toBe(429)
      await attempt(username, password, '192.0.2.57').expect(429)
    } finally {
      await other.close()
    }
  })

  it('is refused after five wrong passwords from one address, whatever the names', async () => {
    const { username } = await addOperator()
    for (let at = 0; at < 5; at++) await attempt(`no-${uuid()}`, 'wrong', '192.0.2.30').expect(401)
    await attempt(username, password, '192.0.2.30').expect(429)
    await attempt(username, password, '192.0.2.31').expect(200)
  })
})

describe('a session', () => {
  it('is required, or an admin key', async () => {
    expectRefusal(await supertest(server.url).get('/admin/v1/session'), 401, 'unauthorized')
    const cookie = 'chatterie_session=made-up'
    expectRefusal(await supertest(server.url).get('/admin/v1/session').set({ cookie }), 401, 'invalid_token')
    expectRefusal(await supertest(server.url).get(`/admin/v1/session?access_token=${owner.key}`), 401)
  })

  it('needs its CSRF token to write', async () => {
    const [{ username }, other] = [await addOperator({ role: 'owner' }), await addOperator()]
    const mine = await signIn(server, username, password)
    const another = await signIn(server, other.username, password)
    const body = { name: 'script', role: 'viewer' }
    for (const csrf of ['', 'x', another.csrfToken]) {
      expectRefusal(await mine.send('post', '/keys', body, csrf), 403, 'access_denied')
    }
    await mine.send('get', '/keys', undefined, '').expect(200)
    const { body: session } = await mine.send('get', '/session', undefined, '').expect(200)
    await mine.send('post', '/keys', body, session.csrfToken).expect(201)
  })

  it('ends everywhere when its operator signs out', async () => {
    const { username } = await addOperator()
    const [here, elsewhere] = [
      await signIn(server, username, password),
      await signIn(server, username, password),
    ]
    const { headers } = await here.send('delete', '/session').expect(204)
    expect(String(headers['set-cookie'])).toMatch(/^chatterie_session=;.*Expires=Thu, 01 Jan 1970/)
    for (const browser of [here, elsewhere]) await browser.send('get', '/session').expect(401)
  })

  it('ends with a new password, and with its operator; changes of permissions apply at once', async () => {
    const { id, username } = await addOperator({ role: 'owner' })
    const first = await signIn(server, username, password)
    await owner.patch(`/operators/${id}`, { role: 'viewer' }).expect(200)
    await first.send('get', '/operators').expect(403)
    await owner.patch(`/operators/${id}`, { password: 'another password' }).expect(200)
    await first.send('get', '/session').expect(401)
    const second = await signIn(server, username, 'another password')
    await owner.delete(`/operators/${id}`).expect(204)
    await second.send('get', '/session').expect(401)
    await attempt(username, 'another password', '192.0.2.40').expect(401)
  })

  it('expires after twelve hours', async () => {
    const { id, username } = await addOperator()
    const browser = await signIn(server, username, password)
    await server.ctx.db.prisma.operatorSession.updateMany({
      where: { operatorId: id, expiresTime: { lt: new Date(Date.now() + 12 * 3_600_000 + 1_000) } },
      data: { expiresTime: new Date(Date.now() - 1) },
    })
    await browser.send('get', '/session').expect(401)
  })
})

describe('operators', () => {
  it('are listed by name, in pages', async () => {
    await Promise.all([addOperator(), addOperator(), addOperator()])
    const names: string[] = []
    let next = ''
    do {
      const { body } = await owner.get(`/operators?limit=2${next && `&cursor=${next}`}`).expect(200)
      expect(body.items.length).toBeLessThanOrEqual(2)
      names.push(...body.items.map(({ username }: { username: string }) => username))
      next = body.next ?? ''
    } while (next !== '')
    expect(names.length).toBe(await server.ctx.db.prisma.operator.count())
    expect(new Set(names).size).toBe(names.length)
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=x', 'limit'],
    ['cursor=x', 'cursor'],
    [`cursor=${Buffer.from('[1]').toString('base64url')}`, 'cursor'],
  ])('are not listed with %s', async (query, field) => {
    const refused = await owner.get(`/operators?${query}`).expect(400)
    expect(refused.body).toMatchObject({ error: 'ClientError', field })
  })

  it.each([
    [{ username: '' }, 'username'],
    [{ username: ' a' }, 'username'],
    [{ username: 'a\u0000' }, 'username'],
    [{ password: 'short' }, 'password'],
    [{ role: 'king' }, 'role'],
    [{ applications: [] }, 'applications'],
    [{ applications: [999_999_999] }, 'applications'],
  ])('are not created from %j', async (wrong, field) => {
    const body = { username: uuid(), password, role: 'viewer', ...wrong }
    const refused = await owner.post('/operators', body).expect(400)
    expect(refused.body).toMatchObject({ error: 'ClientError', field })
  })

  it('have unique names', async () => {
    const { username } = await addOperator()
    const refused = await owner.post('/operators', { username, password, role: 'viewer' }).expect(400)
    expect(refused.body).toMatchObject({ field: 'username', code: 'already_exists' })
  })

  it('always include one unlimited owner', async () => {
    const fresh = await startServer()
    try {
      const { username, password: generated = '' } = await ensureFirstOperator(fresh.ctx)
      const admin = await signIn(fresh, username, generated)
      const { body: session } = await admin.send('get', '/session').expect(200)
      const path = `/operators/${session.operator.id}`
      expectRefusal(await admin.send('delete', path), 409, 'ConflictError')
      expectRefusal(await admin.send('patch', path, { role: 'developer' }), 409, 'ConflictError')
      const limited = { applications: [fresh.main.id] }
      expectRefusal(await admin.send('patch', path, limited), 409, 'ConflictError')
      await admin.send('post', '/operators', { username: 'b', password, role: 'owner' }).expect(201)
      await admin.send('patch', path, limited).expect(200)
    } finally {
      await fresh.close()
    }
  })

  it('who are limited to applications create and see only operators limited to the same ones', async () => {
    const other = await server.createApplication()
    const [unlimited, beyond, within] = [
      await addOperator(),
      await addOperator({ applicationIds: [server.main.id, other.id] }),
      await addOperator({ applicationIds: [other.id] }),
    ]
    const limited = await createAdmin(server, 'owner', [other.id])
    const { body } = await limited.get('/operators?limit=100').expect(200)
    expect(body.items.map(({ id }: { id: number }) => id)).toEqual([within.id])
    for (const { id } of [unlimited, beyond]) {
      await limited.patch(`/operators/${id}`, { role: 'owner' }).expect(404)
      await limited.delete(`/operators/${id}`).expect(404)
    }
    for (const [path, made] of [
      ['/operators', { username: uuid(), password, role: 'viewer' }],
      ['/keys', { name: 'x', role: 'viewer' }],
    ] as const) {
      await limited.post(path, made).expect(403)
      await limited.post(path, { ...made, applications: [server.main.id, other.id] }).expect(403)
      await limited.post(path, { ...made, applications: [other.id] }).expect(201)
    }
    await limited.patch(`/operators/${within.id}`, { applications: null }).expect(403)
    await limited.post('/applications', { name: 'Mine' }).expect(403)
  })
})

describe('an admin key', () => {
  it('is shown once, and grants the permissions of its role until it expires or is deleted', async () => {
    const expiresTime = new Date(Date.now() + 60_000).toISOString()
    const made = await owner.post('/keys', { name: 'ci', role: 'viewer', expiresTime }).expect(201)
    const { id, key, hint } = made.body
    expect(key).toMatch(/^ck_admin_[\w-]{32}$/)
    expect(key.startsWith(hint.slice(0, -1))).toBe(true)
    const { body: listed } = await owner.get('/keys').expect(200)
    expect(listed.items[0]).toEqual({
      id,
      name: 'ci',
      hint,
      role: 'viewer',
      expiresTime,
      createdBy: 'owner',
      createdTime: made.body.createdTime,
    })
    const ask = () => supertest(server.url).get('/admin/v1/session').set('authorization', `Bearer ${key}`)
    const { body } = await ask().expect(200)
    expect(body).toMatchObject({ key: { id }, role: 'viewer', expiresTime })
    expect(body.csrfToken).toBeUndefined()
    await server.ctx.db.prisma.adminKey.update({ where: { id }, data: { expiresTime: new Date() } })
    expectRefusal(await ask(), 401, 'invalid_token')
    await owner.delete(`/keys/${id}`).expect(204)
    await owner.delete(`/keys/${id}`).expect(404)
  })

  it('cannot expire before it is created', async () => {
    const expiresTime = new Date(Date.now() - 1).toISOString()
    const refused = await owner.post('/keys', { name: 'x', role: 'viewer', expiresTime }).expect(400)
    expect(refused.body).toMatchObject({ field: 'expiresTime' })
  })

  it('has no session to end', async () => {
    await owner.delete('/session').expect(400)
  })
})

describe('the first operator', () => {
  it('is created once, with a password that is stored in the home folder, readable by its owner only', async () => {
    const fresh = await startServer()
    try {
      const made = await ensureFirstOperator(fresh.ctx)
      expect(made).toEqual({
        username: 'admin',
        password: expect.stringMatching(/^[\w-]{20}$/),
        isKept: true,
      })
      expect(await readOperator(fresh.ctx.config.home)).toEqual({
        username: 'admin',
        password: made.password,
      })
      expect(await ensureFirstOperator(fresh.ctx)).toEqual({ username: 'admin', isKept: true })
      await signIn(fresh, 'admin', made.password ?? '')
    } finally {
      await fresh.close()
    }
  })

  it('has the password of the settings, which is not written to a file', async () => {
    const fresh = await startServer({ CHATTERIE_ADMIN_PASSWORD: password })
    try {
      const made = await ensureFirstOperator(fresh.ctx)
      expect(made).toEqual({ username: 'admin', isKept: false, isGivenPasswordInForce: true })
      expect(await readOperator(fresh.ctx.config.home)).toBeNull()
      await signIn(fresh, 'admin', password)
      fresh.ctx.config.adminPassword = 'another password'
      expect(await ensureFirstOperator(fresh.ctx)).toMatchObject({ isGivenPasswordInForce: false })
    } finally {
      await fresh.close()
    }
  })
})
