// Applications and the audit in the admin API.
import { parse } from 'csv-parse/sync'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditEntry } from '#resources/admin/audit.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let owner: AdminClient
beforeAll(async () => {
  server = await startServer({ APPLICATION_DELETION: 'on' })
  owner = await createAdmin(server, 'owner')
})
afterAll(() => server.close())

const tokenOf = (clientId: string, clientSecret: string) =>
  supertest(server.url)
    .post('/oauth/token')
    .auth(clientId, clientSecret)
    .type('form')
    .send({ grant_type: 'client_credentials' })

/** Returns the latest audit entries, newest first. */
async function audit(query: string): Promise<AuditEntry[]> {
  const { body } = await owner.get(`/audit?${query}`).expect(200)
  return body.items
}

describe('applications', () => {
  it('are created with credentials that work, and a secret that is shown once', async () => {
    const { body } = await owner.post('/applications', { name: 'Shop' }).expect(201)
    const { clientSecret, ...shown } = body
    await tokenOf(body.clientId, clientSecret).expect(200)
    expect(await owner.get(`/applications/${body.id}`).expect(200)).toMatchObject({ body: shown })
    const { body: list } = await owner.get('/applications?limit=100').expect(200)
    expect(list.items).toContainEqual(shown)
  })

  it('show the number of users, channels and messages', async () => {
    const application = await server.createApplication()
    const user = await createUser(application)
    const channel = await createChannel(application)
    await sendMessage(application, channel.id, { user: { id: user.id } })
    const { body } = await owner.get(`/applications/${application.id}`).expect(200)
    expect(body.counts).toEqual({ users: 1, channels: 1, messages: 1 })
    expect(body).toMatchObject({ apiKey: application.apiKey, clientId: application.clientId, name: 'Test' })
  })

  it('change their name, and their properties by a merge patch', async () => {
    const { id } = await server.createApplication()
    await owner.patch(`/applications/${id}`, { name: 'New', properties: { a: 1, b: { c: 2 } } }).expect(200)
    const { body } = await owner.patch(`/applications/${id}`, { properties: { a: null } }).expect(200)
    expect(body).toMatchObject({ name: 'New', properties: { b: { c: 2 } } })
    await owner.patch(`/applications/${id}`, { name: ' ' }).expect(400)
  })

  it('change their settings, one at a time', async () => {
    const application = await server.createApplication()
    const path = `/applications/${application.id}/settings`
    const { body } = await owner.patch(path, { guestUsers: 'DISABLED' }).expect(200)
    const toggles = { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' }
    expect(body).toEqual({ ...toggles, retention: {}, messagesPersisted: true })
    expect((await owner.get(path).expect(200)).body).toEqual(body)
    expect((await application.get('/application/settings').expect(200)).body).toMatchObject(toggles)
  })

  it('rotate their secret, with or without an overlap with the old one', async () => {
    const { id, clientId, clientSecret } = await server.createApplication()
    const path = `/applications/${id}/rotate-secret`
    const { body: first } = await owner.post(path, { overlapSeconds: 60 }).expect(200)
    expect(Date.parse(first.oldSecretUntil)).toBeGreaterThan(Date.now())
    await tokenOf(clientId, clientSecret).expect(200)
    const { body: second } = await owner.post(path).expect(200)
    expect(second).toEqual({ clientId, clientSecret: expect.any(String) })
    for (const old of [clientSecret, first.clientSecret]) await tokenOf(clientId, old).expect(401)
    await tokenOf(clientId, second.clientSecret).expect(200)
    await owner.post(path, { overlapSeconds: -1 }).expect(400)
  })

  it('are deleted with everything in them', async () => {
    const application = await server.createApplication()
    await createUser(application)
    await owner.delete(`/applications/${application.id}`).expect(204)
    await owner.get(`/applications/${application.id}`).expect(404)
    await application.get('/users').expect(401)
  })

  it.each(['x', '0', '-1', '1.5', '99999999999999999999'])('have no id %s', async (id) => {
    await owner.get(`/applications/${id}`).expect(404)
  })
})

describe('the Platform API and the admin API', () => {
  it("do not accept each other's credentials", async () => {
    const withKey = (path: string) =>
      supertest(server.url).get(path).set('authorization', `Bearer ${owner.key}`)
    for (const path of ['/v1/application', '/users', `/v1/applications/${server.main.id}/users`]) {
      await withKey(path).expect(401)
    }
    const withToken = (path: string) =>
      supertest(server.url).get(path).set('authorization', `Bearer ${server.main.token}`)
    for (const path of ['/session', '/applications', `/applications/${server.main.id}`, '/audit']) {
      await withToken(`/admin/v1${path}`).expect(401)
    }
  })
})

describe('the audit log', () => {
  it('records every write of an operator, with its name and address, and no secret', async () => {
    const { body: made } = await owner.post('/applications', { name: 'Audited' }).expect(201)
    const path = `/applications/${made.id}`
    await owner.patch(path, { name: 'Renamed' }).expect(200)
    const { body: rotated } = await owner.post(`${path}/rotate-secret`).expect(200)
    await owner.patch(`${path}/settings`, { guestUsers: 'DISABLED' }).expect(200)
    await owner.delete(path).expect(204)
    const entries = await audit(`application=${made.id}`)
    expect(entries.map(({ action }) => action)).toEqual([
      'application.deleted',
      'settings.updated',
      'application.secret_rotated',
      'application.updated',
      'application.created',
    ])
    for (const { actor, address } of entries) {
      expect(actor).toEqual({ type: 'key', id: expect.any(Number), name: 'owner' })
      expect(address).toBe('127.0.0.1')
    }
    for (const secret of [made.clientSecret, rotated.clientSecret]) {
      expect(JSON.stringify(entries)).not.toContain(secret)
    }
  })

  it('records what backends delete', async () => {
    const application = await server.createApplication()
    const user = await createUser(application)
    const channel = await createChannel(application)
    const message = await sendMessage(application, channel.id)
    await sendMessage(application, channel.id)
    await application.delete(`/messages/${message.id}`).expect(200)
    await application.delete('/messages').expect(200)
    await application.delete(`/channels/${channel.id}`).expect(200)
    await application.delete(`/users/${user.id}`).expect(200)
    await application.delete('/application').expect(200)
    const actor = { type: 'application', id: application.id, name: application.clientId }
    expect(await audit(`application=${application.id}`)).toMatchObject([
      { action: 'application.deleted', actor, address: '127.0.0.1' },
      { action: 'user.deleted', actor, target: { type: 'user', id: String(user.id) } },
      { action: 'channel.deleted', actor, target: { type: 'channel', id: String(channel.id) } },
      { action: 'messages.deleted', actor, details: { messages: 1 } },
      { action: 'message.deleted', actor, target: { type: 'message', id: String(message.id) } },
    ])
  })

  it('is filtered by operator, operation and time', async () => {
    const application = await server.createApplication()
    const path = `/applications/${application.id}`
    await owner.patch(path, { name: 'A' }).expect(200)
    const [first] = await audit(`application=${application.id}`)
    const time = first?.createdTime ?? ''
    const of = async (query: string) => (await audit(`application=${application.id}&${query}`)).length
    expect(await of('actor=owner')).toBe(1)
    expect(await of('actor=nobody')).toBe(0)
    expect(await of('action=application.updated')).toBe(1)
    expect(await of('action=application')).toBe(1)
    expect(await of('action=app')).toBe(0)
    expect(await of(`from=${time}`)).toBe(1)
    expect(await of(`to=${time}`)).toBe(0)
    await owner.get('/audit?from=yesterday').expect(400)
  })

  it('is shown to limited operators only for their applications', async () => {
    const application = await server.createApplication()
    await owner.patch(`/applications/${application.id}`, { name: 'A' }).expect(200)
    const limited = await createAdmin(server, 'owner', [application.id])
    const { body } = await limited.get('/audit?limit=100').expect(200)
    expect(body.items).toHaveLength(1)
    await limited.get(`/audit?application=${server.main.id}`).expect(404)
  })

  it('is exported as CSV, completely', async () => {
    const application = await server.createApplication()
    for (let at = 0; at < 120; at++) await owner.patch(`/applications/${application.id}`, { name: `=${at}` })
    const csv = await owner.get(`/audit.csv?application=${application.id}`).expect(200)
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    const rows = parse<Record<string, string>>(csv.text, { columns: true })
    expect(rows).toHaveLength(120)
    expect(rows[0]).toMatchObject({ actor: 'owner', action: 'application.updated', address: '127.0.0.1' })
    expect(JSON.parse(rows[0]?.details ?? '')).toEqual({ name: '=119' })
  })
})
