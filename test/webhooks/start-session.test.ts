// A webhook that decides who may connect, with the official client.
import { randomBytes } from 'node:crypto'
import { connectApi } from '@chatkitty/core'
import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { resealAll } from '#domain/keys/reseal-all.ts'
import { rotateWebhookSecret } from '#domain/webhooks/rotate-webhook-secret.ts'
import { openVault } from '#secrets/vault.ts'
import { environmentOf } from '../conformance/realtime.ts'
import { createUser } from '../support/factories.ts'
import { deploy } from '../support/functions.ts'
import type { TestApplication } from '../support/server.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'
import { type Received, Receiver } from './receiver.ts'

const type = 'user.attempted.start_session'
let server: TestApiServer
let receiver: Receiver
let world: TestApplication & { id: number }
let webhook: { id: number; secret: string }
beforeAll(async () => {
  server = await startTestApi({ FUNCTION_BLOCKING_TIMEOUT_SECONDS: '1' })
})
beforeEach(async () => {
  receiver?.close()
  receiver = await Receiver.open()
  world = await makeWorld({ guestUsers: false })
  webhook = await createWebhook()
})
afterAll(async () => {
  receiver?.close()
  await server.close()
})

async function makeWorld(settings: object) {
  const made = await server.createWorld({ settings })
  const { get, post } = server.as(made)
  return { ...made, get, post: (path: string, body: object) => post(path).send(body) } as never
}

async function createWebhook(fields: object = {}) {
  const given = { url: receiver.url, events: [type], ...fields }
  const { body } = await server.testApi.post(`/worlds/${world.id}/webhooks`).send(given).expect(201)
  return body
}

const answers = (...all: unknown[]) =>
  receiver.answers.push(...all.map((each) => ({ status: 200, body: JSON.stringify(each) })))

/** Connects the official client. @returns the user */
async function attempt(username: string, authParams?: unknown) {
  const options = { apiKey: world.apiKey, username, $environment: environmentOf(server) }
  const connection = await connectApi({ ...options, ...(authParams !== undefined && { authParams }) })
  const user = connection.user.value
  await connection.dispose()
  return user
}

it('the webhook is asked, signed, with what the client sent, and creates the user from the response', async () => {
  answers({ allow: true, user: { displayName: 'Jane Doe', properties: { plan: 'pro' } } })
  const user = await attempt('jane', { token: 'a-secret' })
  expect(user).toMatchObject({ displayName: 'Jane Doe', isGuest: false, properties: { plan: 'pro' } })
  const [asked] = receiver.received as [Received]
  expect(new Verifier(webhook.secret).verify(asked.body, asked.headers as never)).toMatchObject({
    type,
    data: { username: 'jane', authParams: { token: 'a-secret' } },
  })
  const { body: journal } = await server.testApi.get(`/worlds/${world.id}/journal?type=${type}`).expect(200)
  expect(journal.entries).toMatchObject([{ kind: 'webhook', webhook: webhook.id, status: 200 }])
  expect(JSON.stringify(journal)).not.toContain('a-secret')

  answers({ allow: true, user: { displayName: 'Jane D.', properties: { plan: 'pro' } } })
  expect(await attempt('jane')).toMatchObject({ displayName: 'Jane D.', properties: { plan: 'pro' } })
})

it('the webhook refuses with its message, which the client receives, and creates no user then', async () => {
  answers({ allow: false, message: 'Your trial is over', user: { displayName: 'Jane' } }, { allow: false })
  await expect(attempt('jane')).rejects.toThrow('Your trial is over')
  await expect(attempt('jane')).rejects.toThrow('A webhook refused this session')
  const { body } = await world.get('/users').expect(200)
  expect(body.page).toMatchObject({ totalElements: 0 })
})

it('the webhook admits users who exist or are created; with guests, unknown users become guests', async () => {
  answers({ allow: true }, { allow: true })
  await expect(attempt('nobody')).rejects.toThrow('There is no user nobody')
  await createUser(world, { name: 'jane' })
  expect(await attempt('jane')).toMatchObject({ name: 'jane' })
})

it.each([
  ['an error', { status: 500 }, 'could not be asked'],
  ['no JSON', { status: 200, body: 'yes' }, 'could not be asked'],
  ['no decision', { status: 200, body: '{"allowed": true}' }, 'could not be asked'],
  [
    'a user that cannot be',
    { status: 200, body: '{"allow": true, "user": {"displayName": 7}}' },
    'could not be asked',
  ],
  ['nothing in time', { status: 200, body: '{"allow": true}', delayMs: 2_000 }, 'took longer than 1 seconds'],
])('a webhook that answers %s admits nobody', async (_, answer, message) => {
  await createUser(world, { name: 'jane' })
  receiver.answers.push(answer)
  await expect(attempt('jane')).rejects.toThrow(message)
})

it('a webhook that is unreachable admits nobody, and everybody as usual once it is switched off', async () => {
  await createUser(world, { name: 'jane' })
  receiver.close()
  await expect(attempt('jane')).rejects.toThrow('The webhook that decides who may connect could not be asked')
  await server.testApi.delete(`/worlds/${world.id}/webhooks/${webhook.id}`).expect(204)
  await expect(attempt('jane')).rejects.toThrow('This application does not allow guests')
})

describe('nothing but an operator switches the webhook off, which would admit everybody:', () => {
  const enter = () => attempt('jane')
  const refusal = 'The webhook that decides who may connect could not be asked'
  beforeEach(async () => {
    world = await makeWorld({ guestUsers: true })
    webhook = await createWebhook({ events: [type, 'user.created'] })
  })

  it('not a 410 in its response', async () => {
    receiver.answers.push({ status: 410 })
    await createUser(world)
    await expect.poll(() => receiver.received.length).toBe(1)
    await expect
      .poll(() => server.ctx.db.query({ text: 'select from webhook where failing_since is not null' }, []))
      .toHaveLength(1)
    receiver.answers.push({ status: 410 })
    await expect(enter()).rejects.toThrow(refusal)
  })

  it('not the loss of the key that encrypts its secret', async () => {
    const stranger = openVault({ home: server.ctx.config.home, encryptionKeys: [randomBytes(32)] })
    const { vault } = server.ctx
    try {
      await resealAll({ ...server.ctx, vault: stranger }, true)
      await expect(enter()).rejects.toThrow(refusal)
      expect(receiver.received).toEqual([])
    } finally {
      await resealAll({ ...server.ctx, vault }, true)
    }
    const { secret } = await rotateWebhookSecret(server.ctx, asBackend(), webhook.id)
    answers({ allow: true })
    await enter()
    const [asked] = receiver.received as [Received]
    expect(new Verifier(secret).verify(asked.body, asked.headers as never)).toMatchObject({ type })
  })

  it('not a copy of the application where its secret cannot be decrypted', async () => {
    const { ctx } = server
    await ctx.db.query({ text: `update webhook set secret = '\\x00' where id = $1` }, [webhook.id])
    const { body: snapshot } = await server.testApi
      .post(`/worlds/${world.id}/snapshots`)
      .send({ name: 'guarded' })
      .expect(201)
    const { body: copy } = await server.testApi.post('/worlds').send({ snapshot: snapshot.id }).expect(201)
    world = { ...world, apiKey: copy.apiKey }
    await expect(enter()).rejects.toThrow(refusal)
  })

  const asBackend = () => ({ kind: 'application' as const, applicationId: world.id, scopes: [] })
})

it('the webhook is not asked where a function decides, or where it subscribes to *', async () => {
  await deploy(world, type, 'async function handleEvent() {}')
  await createUser(world, { name: 'jane' })
  expect(await attempt('jane')).toMatchObject({ name: 'jane' })
  const open = await server.createWorld()
  const fields = { url: receiver.url, events: ['*'] }
  await server.testApi.post(`/worlds/${open.id}/webhooks`).send(fields).expect(201)
  const connection = await connectApi({
    apiKey: open.apiKey,
    username: 'guest',
    $environment: environmentOf(server),
  })
  await connection.dispose()
  expect(receiver.types()).not.toContain(type)
})

it('several webhooks must all admit a user', async () => {
  const other = await Receiver.open()
  await createWebhook({ url: other.url })
  await createUser(world, { name: 'jane' })
  answers({ allow: true })
  other.answers.push({ status: 200, body: '{"allow": false, "message": "not by me"}' })
  await expect(attempt('jane')).rejects.toThrow('not by me')
  other.close()
})

it('a fault of the test API makes the webhook fail', async () => {
  await createUser(world, { name: 'jane' })
  const fault = {
    on: { webhook: webhook.id, type },
    do: { status: 200, body: { allow: false, message: 'no' } },
  }
  await server.testApi.post(`/worlds/${world.id}/faults`).send(fault).expect(201)
  await expect(attempt('jane')).rejects.toThrow('no')
  expect(receiver.received).toEqual([])
})
