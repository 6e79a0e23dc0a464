// The admin API for webhooks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { createUser } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { createHook, Receiver } from './receiver.ts'

let server: TestServer
let admin: AdminClient
let receiver: Receiver
beforeAll(async () => {
  server = await startServer({ FUNCTION_EGRESS: 'open' })
  admin = await createAdmin(server, 'developer')
  receiver = await Receiver.open()
})
afterAll(async () => {
  receiver.close()
  await server.close()
})

const path = () => `/applications/${server.main.id}/webhooks`
const hook = (fields: Record<string, unknown> = {}) =>
  createHook(admin, path(), { url: receiver.url, ...fields })

describe('the admin API', () => {
  it.each([
    [{ url: 'ftp://a.example', events: ['*'] }, 'url'],
    [{ url: 'https://me:pw@a.example', events: ['*'] }, 'url'],
    [{ url: 'https://a.example', events: [] }, 'events'],
    [{ url: 'https://a.example', events: ['message.read'] }, 'events.0'],
    [{ url: 'https://a.example', events: ['*'], secret: 'short' }, 'secret'],
  ])('refuses an invalid webhook: %j', async (given, field) => {
    const { body } = await admin.post(path(), given).expect(400)
    expect(body.errors[0].field).toBe(field)
  })

  it('requires a developer or higher, and answers 404 for webhooks of another application', async () => {
    const { id } = await hook()
    const moderator = await createAdmin(server, 'moderator')
    await moderator.get(path()).expect(403)
    const other = await server.createApplication()
    await admin.get(`/applications/${other.id}/webhooks/${id}`).expect(404)
    await admin
      .post(`/applications/${other.id}/webhooks/${id}/replay`, {
        from: '2020-01-01T00:00:00Z',
        to: '2030-01-01T00:00:00Z',
      })
      .expect(404)
    await admin.delete(`${path()}/${id}`).expect(204)
    await admin.get(`${path()}/${id}`).expect(404)
  })

  async function delivered(id: number) {
    const { body } = await admin.get(`${path()}/${id}/deliveries?state=delivered`).expect(200)
    return body.items
  }

  it('resends the deliveries of a period', async () => {
    const { id } = await hook({ events: ['user.created'] })
    const from = new Date(server.ctx.clock.now() - 1_000).toISOString()
    for (let at = 0; at < 3; at++) await createUser(server.main)
    await receiver.hasReceived(3)
    await expect.poll(async () => (await delivered(id)).length).toBe(3)
    const to = new Date(server.ctx.clock.now() + 1_000).toISOString()
    const { body } = await admin.post(`${path()}/${id}/replay`, { from, to, state: 'delivered' }).expect(202)
    expect(body).toEqual({ count: 3 })
    await receiver.hasReceived(6)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
    const refused = await admin.post(`${path()}/${id}/replay`, { from: to, to: from }).expect(400)
    expect(refused.body).toMatchObject({ field: 'from', message: 'from: must be before to' })
  })

  it('resends any number of deliveries, a part in each commit', async () => {
    const { id } = await hook({ enabled: false })
    const sql = (text: string) => server.ctx.db.query({ text }, [id])
    await sql(`insert into webhook_delivery (webhook_id, type, body, state, attempts)
      select $1, 'user.created', '{}', 'DELIVERED', '[{}]' from generate_series(1, 12000)`)
    const period = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }
    const { body } = await admin.post(`${path()}/${id}/replay`, period).expect(202)
    expect(body).toEqual({ count: 12_000 })
    const [row] = await sql(`
      select count(*), count(distinct xmin::text) from webhook_delivery
      where webhook_id = $1 and state = 'PENDING' and attempts = '[]'`)
    expect(row).toEqual([12_000, 3])
  })
})
