// The events that a webhook receives for changes, and the lifetimes of webhooks and their deliveries.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { removeReaction } from '#domain/messages/reactions/remove-reaction.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { callerOf } from '../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'
import { Receiver } from './receiver.ts'

let server: TestApiServer
let owner: AdminClient
let receiver: Receiver
beforeAll(async () => {
  server = await startTestApi({ FUNCTION_EGRESS: 'open' })
  owner = await createAdmin(server, 'owner')
})
beforeEach(async () => {
  await server.ctx.db.pool.query('delete from webhook')
  receiver?.close()
  receiver = await Receiver.open()
})
afterEach(() => server.clock.release())
afterAll(async () => {
  receiver.close()
  await server.close()
})

const path = () => `/applications/${server.main.id}`

async function hook(events: string[]): Promise<number> {
  const { body } = await owner.post(`${path()}/webhooks`, { url: receiver.url, events }).expect(201)
  return body.id
}

async function deliveries(id: number) {
  const { body } = await owner.get(`${path()}/webhooks/${id}/deliveries`).expect(200)
  return body.items
}

/** Sends a test delivery with a key that does not expire when tests advance the clock. Waits for its first attempt. */
async function attempted(id: number) {
  const before = (await deliveries(id)).length
  await owner.post(`${path()}/webhooks/${id}/test`).expect(202)
  const newest = async () => (await deliveries(id))[0]
  await expect.poll(async () => (await deliveries(id)).length).toBe(before + 1)
  await expect.poll(async () => (await newest()).attempts.length).toBe(1)
}

it('a webhook receives every change to users, channels, members, messages, reactions and reports', async () => {
  const { main } = server
  const user = await createUser(main)
  const channel = await createChannel(main, { members: [{ id: user.id }] })
  const message = await sendMessage(main, channel.id)
  const caller = callerOf(main, user)
  await hook([
    'user.updated',
    'user.banned',
    'channel.updated',
    'channel.member.removed',
    'message.updated',
    'message.reported',
    'reaction.removed',
  ])
  await main.patch(`/users/${user.id}`, { displayName: 'Ada' }).expect(200)
  await main.patch(`/channels/${channel.id}`, { displayName: 'Lobby' }).expect(200)
  await main.patch(`/messages/${message.id}`, { body: 'Edited' }).expect(200)
  await reactToMessage(server.ctx, caller, message.id, { emoji: 'tada' })
  await removeReaction(server.ctx, caller, message.id, { emoji: 'tada' })
  await reportMessage(server.ctx, caller, message.id, { reason: 'spam' })
  await main.delete(`/channels/${channel.id}/members/${user.id}`).expect(200)
  await owner.post(`${path()}/users/${user.id}/ban`, { reason: 'spam' }).expect(200)
  await expect.poll(() => receiver.received.length).toBe(7)
  const told = Object.fromEntries(receiver.received.map(({ event: { type, data } }) => [type, data]))
  expect(told).toMatchObject({
    'user.updated': { id: user.id, displayName: 'Ada' },
    'user.banned': { user: { id: user.id }, reason: 'spam' },
    'channel.updated': { id: channel.id, displayName: 'Lobby' },
    'channel.member.removed': { channel: { id: channel.id }, user: { id: user.id } },
    'message.updated': { id: message.id, body: 'Edited' },
    'message.reported': { message: { id: message.id }, user: { id: user.id }, report: { reason: 'spam' } },
    'reaction.removed': { emoji: { character: '🎉' }, message: { id: message.id } },
  })
})

it('a webhook is switched off once it has failed for five days, and the audit log says why', async () => {
  const id = await hook(['*'])
  receiver.answers.push(...Array.from({ length: 20 }, () => ({ status: 500 })))
  await attempted(id)
  await server.clock.advance({ days: 4, hours: 23 })
  await expect.poll(async () => (await deliveries(id))[0].state).toBe('failed')
  expect((await owner.get(`${path()}/webhooks/${id}`)).body).toMatchObject({ enabled: true })
  await server.clock.advance({ hours: 2 })
  await attempted(id)
  expect((await owner.get(`${path()}/webhooks/${id}`)).body).toMatchObject({
    enabled: false,
    failingSince: expect.any(String),
  })
  const { body } = await owner.get('/audit?action=webhook.switched_off&limit=1').expect(200)
  expect(body.items[0]).toMatchObject({
    target: { id: String(id) },
    details: { reason: 'it has failed for five days' },
  })
})

it('a webhook restarts the count of its failures with each success', async () => {
  const id = await hook(['*'])
  receiver.answers.push({ status: 500 }, { status: 204 }, { status: 500 })
  await attempted(id)
  await server.clock.advance({ seconds: 6 })
  await expect.poll(async () => (await deliveries(id))[0].state).toBe('delivered')
  await server.clock.advance({ days: 6 })
  await attempted(id)
  expect((await owner.get(`${path()}/webhooks/${id}`)).body).toMatchObject({ enabled: true })
})

it('a webhook keeps its deliveries for thirty days, and waiting ones until they are done', async () => {
  const id = await hook(['*'])
  receiver.answers.push({ status: 204 }, { status: 500 })
  await attempted(id)
  await attempted(id)
  await owner.patch(`${path()}/webhooks/${id}`, { enabled: false }).expect(200)
  await server.clock.advance({ days: 29 })
  expect(await deliveries(id)).toHaveLength(2)
  await server.clock.advance({ days: 2 })
  await expect.poll(() => deliveries(id)).toMatchObject([{ state: 'pending' }])
})
