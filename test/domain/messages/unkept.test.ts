// A channel that keeps no messages delivers them all the same.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { sendMessage as sendAsUser } from '#domain/messages/send-message.ts'
import { Phone } from '../../realtime/phone.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { callerOf } from '../../support/as-user.ts'
import type { ChannelDocument, UserDocument } from '../../support/documents.ts'
import { createChannel, createUser, sendMessage, several } from '../../support/factories.ts'
import { deploy, endedInvocations } from '../../support/functions.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'
import { Receiver } from '../../webhooks/receiver.ts'

let server: TestServer
let owner: AdminClient
let main: TestApplication
let path: string
let author: UserDocument
let reader: UserDocument
let kept: ChannelDocument
let unkept: ChannelDocument
beforeAll(async () => {
  server = await startServer({ FUNCTION_EGRESS: 'open', WEBHOOK_EGRESS: 'open' })
  owner = await createAdmin(server, 'owner')
})
afterAll(() => server.close())
beforeEach(async () => {
  main = await server.createApplication()
  path = `/applications/${main.id}`
  const users = await several(2, () => createUser(main))
  author = users[0]
  reader = users[1]
  const members = users.map(({ id }) => ({ id }))
  ;[kept, unkept] = await several(2, () => createChannel(main, { type: 'PRIVATE', members }))
  await owner.patch(`${path}/channels/${unkept.id}`, { messagesPersisted: false }).expect(200)
})

const count = async (text: string, values: unknown[]) =>
  Number((await server.ctx.db.query({ text }, values))[0]?.[0])
const allPublished = () =>
  expect.poll(() => count('select count(*) from outbox_event where application_id = $1', [main.id])).toBe(0)

it('sends the same frames and answers as one that stores messages', async () => {
  const phone = new Phone(server, main, reader.name)
  await phone.connect()
  const topics = [kept, unkept].map(({ id }) => `/topic/channels/${id}.messages`)
  await phone.listen(...topics)
  const body = `Hello @${reader.name}`
  const answers = []
  for (const { id } of [kept, unkept]) {
    answers.push(
      await sendMessage(main, id, { user: { id: author.id }, body, groupTag: 'g', properties: { a: 1 } }),
    )
    await sendAsUser(
      server.ctx,
      callerOf(main, author),
      { channelId: id },
      { type: 'TEXT', body: 'as myself' },
    )
  }
  await expect
    .poll(() => phone.heard.filter(({ type }) => type === 'channel.message.created'))
    .toHaveLength(4)
  const comparable = (value: unknown, { id }: ChannelDocument) =>
    JSON.stringify(value)
      .replaceAll(`channels/${id}`, 'channels/0')
      .replaceAll(`"channelId":${id},`, '"channelId":0,')
      .replace(/"(id|messageId)":\d+/g, '"$1":0')
      .replace(/messages\/\d+/g, 'messages/0')
      .replace(/"createdTime":"[^"]*"/g, '"createdTime":""')
  const heardOf = (channel: ChannelDocument) =>
    phone.heard
      .filter(({ destination }) => destination === `/topic/channels/${channel.id}.messages`)
      .map((heard) => comparable(heard, channel))
  expect(heardOf(unkept)).toEqual(heardOf(kept))
  expect(comparable(answers[1], unkept)).toBe(comparable(answers[0], kept))
  await phone.cut()
})

it('has an empty history: nothing is found, counted, unread, or notified', async () => {
  const message = await sendMessage(main, unkept.id, { user: { id: author.id }, body: 'gone with the wind' })
  await allPublished()
  await expect.poll(() => count('select count(*) from notification_task', [])).toBe(0)
  await main.get(`/messages/${message.id}`).expect(404)
  const { body: page } = await main.get(`/channels/${unkept.id}/messages`).expect(200)
  expect(page).toMatchObject({ page: { total: 0 } })
  expect((await main.get('/messages').expect(200)).body.page.total).toBe(0)
  const { body: unread } = await main.get(`/users/${reader.id}/messages?unread=true`).expect(200)
  expect(unread._embedded?.messages ?? []).toEqual([])
  const { body: notified } = await main.get(`/users/${reader.id}/notifications`).expect(200)
  expect(notified._embedded?.notifications ?? []).toEqual([])
  expect(await count('select count(*) from message where application_id = $1', [main.id])).toBe(0)
  const { body: shown } = await main.get(`/channels/${unkept.id}`).expect(200)
  expect(shown.lastReceivedMessage).toBeUndefined()
})

it('delivers messages to functions and webhooks', async () => {
  const receiver = await Receiver.open()
  await owner.post(`${path}/webhooks`, { url: receiver.url, events: ['message.created'] }).expect(201)
  const created = await deploy(main, 'user.sent.message', 'async (event) => event.message.body')
  await sendMessage(main, unkept.id, { user: { id: author.id }, body: 'said once' })
  const [invocation] = await endedInvocations(main, created)
  expect(JSON.stringify(invocation)).toContain('said once')
  await expect.poll(() => receiver.received.map(({ event }) => event.data.body)).toEqual(['said once'])
  receiver.close()
})

it('refuses files, which nothing would show', async () => {
  const { body } = await main
    .post(`/channels/${unkept.id}/messages`)
    .attach('file', Buffer.from('bytes'), 'a.txt')
    .expect(400)
  expect(JSON.stringify(body)).toContain('keeps no messages')
})

it('is a setting of an application for its existing and new channels, and of a single channel', async () => {
  const before = await sendMessage(main, kept.id)
  const { body } = await owner.patch(`${path}/settings`, { messagesPersisted: false }).expect(200)
  expect(body.messagesPersisted).toBe(false)
  const made = await createChannel(main)
  for (const { id } of [kept, made]) {
    const { body: channel } = await owner.get(`${path}/channels/${id}`).expect(200)
    expect(channel.messagesPersisted).toBe(false)
    await sendMessage(main, id, { body: 'away' })
  }
  await main.get(`/messages/${before.id}`).expect(200) // what was kept stays
  expect(await count('select count(*) from message where application_id = $1', [main.id])).toBe(1)
  await owner.patch(`${path}/channels/${made.id}`, { messagesPersisted: true }).expect(200)
  await sendMessage(main, made.id, { body: 'here' })
  expect(await count('select count(*) from message where channel_id = $1', [made.id])).toBe(1)
  await owner.patch(`${path}/channels/999999999`, { messagesPersisted: true }).expect(404)
  await owner.patch(`${path}/channels/${made.id}`, { messagesPersisted: 'no' }).expect(400)
})
