// Webhooks of worlds: created without an operator, affected by faults, and recorded in the journal.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'
import { Receiver } from '../webhooks/receiver.ts'

let server: TestApiServer
let world: World
let receiver: Receiver
let webhook: { id: number; secret: string }
beforeAll(async () => {
  server = await startTestApi()
})
beforeEach(async () => {
  receiver?.close()
  receiver = await Receiver.open()
  world = await server.createWorld()
  webhook = await createWebhook({ url: receiver.url, events: ['user.created', 'channel.created'] })
})
afterAll(async () => {
  receiver?.close()
  await server.close()
})

async function createWebhook(fields: object) {
  const { body } = await server.testApi.post(`/worlds/${world.id}/webhooks`).send(fields).expect(201)
  return body
}

async function fail(effect: object, limits: object = {}, type?: string): Promise<number> {
  const fault = { on: { webhook: webhook.id, type }, do: effect, ...limits }
  const { body } = await server.testApi.post(`/worlds/${world.id}/faults`).send(fault).expect(201)
  return body.id
}

const createUser = (name: string) =>
  server.as(world).post('/users').send({ name, displayName: name, isGuest: false }).expect(200)

/** The first past or future delivery attempt that matches. */
async function attempt(match: object) {
  const query = { kind: 'webhook', match: JSON.stringify(match) }
  const { body } = await server.testApi.get(`/worlds/${world.id}/journal/wait`).query(query).expect(200)
  return body
}

describe('a webhook of a world', () => {
  it('is created, listed and removed, and deleted when the world is reset', async () => {
    const path = `/worlds/${world.id}/webhooks`
    const other = await createWebhook({ url: 'https://example.com/', description: 'another' })
    expect(other).toMatchObject({ events: ['*'], enabled: true, secret: expect.stringMatching(/^whsec_/) })
    const { body } = await server.testApi.get(path).expect(200)
    expect(body.webhooks).toMatchObject([{ id: webhook.id }, { id: other.id, description: 'another' }])
    expect(JSON.stringify(body)).not.toContain('whsec_')
    await server.testApi.delete(`${path}/${other.id}`).expect(204)
    await server.testApi.delete(`${path}/${other.id}`).expect(404)
    await server.testApi.post(`/worlds/${world.id}/reset`).expect(200)
    expect((await server.testApi.get(path).expect(200)).body).toEqual({ webhooks: [] })
    const stranger = await server.createWorld()
    await server.testApi.delete(`/worlds/${stranger.id}/webhooks/${webhook.id}`).expect(404)
  })

  it.each([
    [{}, 'url'],
    [{ url: 'ftp://example.com' }, 'url'],
    [{ url: 'https://example.com', events: ['user.made'] }, 'events[0]'],
    [{ url: 'https://example.com', colour: 'red' }, 'colour'],
  ])('%j is refused, and the error names %s', async (fields, field) => {
    const { body } = await server.testApi.post(`/worlds/${world.id}/webhooks`).send(fields).expect(400)
    expect(body.errors[0].field).toBe(field)
  })

  it('is recorded in the journal with requests and responses, without secrets', async () => {
    receiver.answers.push({ status: 200, body: 'ok', headers: { 'content-type': 'text/plain' } })
    await createUser('ann')
    const entry = await attempt({ type: 'user.created' })
    expect(entry).toMatchObject({
      webhook: webhook.id,
      attempt: 1,
      status: 200,
      durationMs: expect.any(Number),
      requestBody: { type: 'user.created', data: { name: 'ann' } },
      responseBody: 'ok',
      delivery: receiver.received[0]?.headers['webhook-id'],
    })
    expect(JSON.stringify(entry)).not.toMatch(/v1,|whsec_|key=1/)
  })

  it('has up to 64 KiB of a response there', async () => {
    receiver.answers.push({ status: 500, body: 'x'.repeat(70_000) })
    await createUser('ann')
    const entry = await attempt({ status: 500 })
    expect(entry.truncated).toBe(true)
    expect(entry.responseBody).toHaveLength(65_536)
  })
})

describe('a fault of a webhook', () => {
  it('answers in place of the receiver, to which the delivery is retried when it is due', async () => {
    const id = await fail({ status: 503, body: { why: 'a test' } }, { times: 1 })
    await createUser('ann')
    const entry = await attempt({ attempt: 1 })
    expect(entry).toMatchObject({ status: 503, fault: id, responseBody: { why: 'a test' } })
    expect(receiver.received).toEqual([])
    await server.clock.advance({ seconds: 6 })
    expect(await attempt({ attempt: 2 })).toMatchObject({ status: 204, delivery: entry.delivery })
    expect(receiver.received).toHaveLength(1)
    await server.clock.release()
  })

  it('makes the server wait as long as its Retry-After says', async () => {
    await fail({ status: 429, headers: { 'Retry-After': '120' } }, { times: 1 })
    await createUser('ann')
    await attempt({ status: 429 })
    await server.clock.advance({ seconds: 60 })
    expect(receiver.received).toEqual([])
    await server.clock.advance({ seconds: 61 })
    await attempt({ attempt: 2, status: 204 })
    await server.clock.release()
  })

  it('drops the response of a receiver, to which the delivery is retried', async () => {
    await fail({ reset: true, after: true }, { times: 1 })
    await createUser('ann')
    const entry = await attempt({ status: null })
    expect(entry).toMatchObject({ error: 'read ECONNRESET', attempt: 1 })
    await server.clock.advance({ seconds: 6 })
    await attempt({ attempt: 2, status: 204 })
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(receiver.received).toHaveLength(2)
    await server.clock.release()
  })

  it('hangs for the 20 s of an attempt, which pass at once when the clock is advanced', async () => {
    await fail({ hang: true }, { times: 1 })
    await createUser('ann')
    const hits = async () =>
      (await server.testApi.get(`/worlds/${world.id}/faults`).expect(200)).body.faults[0].hits
    await expect.poll(hits).toBe(1)
    await server.clock.advance({ seconds: 20 })
    expect(await attempt({ attempt: 1 })).toMatchObject({ status: null, error: 'took longer than 20 s' })
    await server.clock.advance({ seconds: 6 })
    await attempt({ attempt: 2, status: 204 })
    await server.clock.release()
  })

  it('does not appear in the new journal where its world is reset meanwhile', async () => {
    receiver.hold()
    await createUser('ann')
    await expect.poll(() => receiver.waiting).toBe(1)
    await server.testApi.post(`/worlds/${world.id}/reset`).expect(200)
    receiver.release(1)
    await expect.poll(() => receiver.received).toHaveLength(1)
    await server.clock.advance({ seconds: 1 }) // waits for the running attempts
    const { body } = await server.testApi.get(`/worlds/${world.id}/journal?kind=webhook`).expect(200)
    expect(body.entries).toEqual([])
    await server.clock.release()
  })

  it('applies to the events that it names, delays, and is sent once where the response is late', async () => {
    await fail({ status: 500 }, {}, 'channel.created')
    await fail({ delayMs: 30, after: true }, {}, 'user.created')
    await createUser('ann')
    await server.as(world).post('/channels').send({ type: 'PUBLIC', name: 'lobby' }).expect(200)
    expect((await attempt({ type: 'user.created' })).durationMs).toBeGreaterThanOrEqual(29)
    expect(await attempt({ type: 'channel.created' })).toMatchObject({ status: 500 })
    expect(receiver.types()).toEqual(['user.created'])
  })

  it.each([
    [{ webhook: 9_999 }, { status: 503 }, 'on.webhook'],
    [{ webhook: 'mine' }, { status: 503 }, 'on.webhook'],
    [{ type: 'user.made' }, { status: 503 }, 'on.type'],
    [{}, { truncateAfterBytes: 1 }, 'do.truncateAfterBytes'],
    [{}, { status: 503, hang: true }, 'do.hang'],
    [{}, { body: 'x', hang: true }, 'do.body'],
    [{}, {}, 'do'],
  ])('of %j that does %j is refused, and the error names %s', async (on, effect, field) => {
    const fault = { on: { webhook: webhook.id, ...on }, do: effect }
    const { body } = await server.testApi.post(`/worlds/${world.id}/faults`).send(fault).expect(400)
    expect(body.errors[0].field).toBe(field)
  })
})
