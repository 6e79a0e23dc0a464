// The secrets that sign deliveries, and how they are replaced.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'
import { createHook, type Received, Receiver, verified } from './receiver.ts'

let server: TestApiServer
let admin: AdminClient
let receiver: Receiver
beforeAll(async () => {
  server = await startTestApi({ FUNCTION_EGRESS: 'open' })
  admin = await createAdmin(server, 'developer')
})
beforeEach(async () => {
  await server.ctx.db.pool.query('delete from webhook')
  receiver?.close()
  receiver = await Receiver.open()
})
afterAll(async () => {
  receiver?.close()
  await server.close()
})

const path = () => `/applications/${server.main.id}/webhooks`
const hook = (fields: Record<string, unknown> = {}) =>
  createHook(admin, path(), { url: receiver.url, ...fields })

describe('a secret', () => {
  it('is the given one, signs beside its successor for a day, and is never stored in plain text', async () => {
    const given = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const { id } = await hook({ events: ['user.created'], secret: given })
    const { body: rotated } = await admin.post(`${path()}/${id}/rotate-secret`).expect(200)
    expect(rotated.secret).not.toBe(given)
    await admin.post(`${path()}/${id}/test`).expect(202)
    await receiver.hasReceived(1)
    const [first] = receiver.received as [Received]
    expect(first.event).toMatchObject({ type: 'webhook.test', data: { webhookId: id } })
    for (const secret of [given, rotated.secret]) verified(secret, first)
    await server.clock.advance({ hours: 25 })
    await admin.post(`${path()}/${id}/test`).expect(202)
    await receiver.hasReceived(2)
    const [, second] = receiver.received as [Received, Received]
    expect(() => verified(given, second)).toThrow()
    const { rows } = await server.ctx.db.pool.query('select w::text as row from webhook w')
    const kept = JSON.stringify(rows)
    expect(kept).toMatch(/x02[0-9a-f]{8}/) // encrypted
    for (const secret of [given, rotated.secret]) {
      expect(kept).not.toContain(secret.slice(6, 20))
      expect(kept).not.toContain(Buffer.from(secret.slice(6, 20)).toString('hex'))
    }
    await server.clock.release()
  })
})

describe('a replaced secret', () => {
  const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`
  const tested = async (id: number) => {
    const count = receiver.received.length + 1
    await admin.post(`${path()}/${id}/test`).expect(202)
    await receiver.hasReceived(count)
    return receiver.received.at(-1) as Received
  }
  const rotate = async (id: number) =>
    (await admin.post(`${path()}/${id}/rotate-secret`).expect(200)).body.secret

  it('stays valid for its day when its successor is replaced, too', async () => {
    const first = secretOf(1)
    const { id } = await hook({ events: ['user.created'], secret: first })
    const second = await rotate(id)
    await server.clock.advance({ hours: 20 })
    const third = await rotate(id)
    const delivery = await tested(id)
    for (const secret of [first, second, third]) verified(secret, delivery)
    await server.clock.advance({ hours: 5 })
    const later = await tested(id)
    expect(() => verified(first, later)).toThrow()
    for (const secret of [second, third]) verified(secret, later)
    await server.clock.release()
  })

  it('is replaced by the one in a PATCH in the same way, unless that is the same', async () => {
    const { id, secret: first } = await hook({ events: ['user.created'] })
    const { body } = await admin.patch(`${path()}/${id}`, { secret: secretOf(2) }).expect(200)
    expect(body).not.toHaveProperty('secret')
    await admin.patch(`${path()}/${id}`, { secret: secretOf(2), description: 'same' }).expect(200)
    const delivery = await tested(id)
    for (const secret of [first, secretOf(2)]) verified(secret, delivery)
    expect(String(delivery.headers['webhook-signature']).split(' ')).toHaveLength(2)
    const refused = await admin.patch(`${path()}/${id}`, { secret: 'short' }).expect(400)
    expect(JSON.stringify(refused.body)).toContain('secret')
  })

  it('is not replaced more than eight times within a day', async () => {
    const { id } = await hook({ events: ['user.created'] })
    for (let times = 0; times < 8; times += 1) await rotate(id)
    await admin.post(`${path()}/${id}/rotate-secret`).expect(409)
    await tested(id)
  })
})
