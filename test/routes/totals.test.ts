// Totals are not counted row by row, and still exact immediately: they include everything acknowledged.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChannelDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage, several } from '../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

async function total(path: string): Promise<number> {
  const { body } = await application.get(`${path}?size=1`).expect(200)
  return body.page.total ?? body.page.totalElements
}

it('counts users, channels and members after each write', async () => {
  application = await server.createApplication()
  let count = 0
  const another = async () => {
    const user = await createUser(application)
    count += 1
    expect(await total('/users')).toBe(count)
    return user
  }
  const [first, second, third] = [
    await another(),
    await another(),
    await another(),
    await another(),
    await another(),
  ]
  const channel = await createChannel(application, {
    creator: { id: first.id },
    members: [{ id: second.id }],
  })
  expect(await total('/channels')).toBe(1)
  expect(await total(`/channels/${channel.id}/members`)).toBe(2)
  await createChannel(application, { name: channel.name })
  await application.post(`/channels/${channel.id}/members`, { id: second.id }).expect(200)
  await application.post('/users', { name: first.name, displayName: 'taken' }).expect(400)
  expect(await total('/channels')).toBe(1)
  expect(await total(`/channels/${channel.id}/members`)).toBe(2)
  await application.post(`/channels/${channel.id}/moderators`, { id: third.id }).expect(200)
  expect(await total(`/channels/${channel.id}/memberships`)).toBe(3)
  await application.delete(`/channels/${channel.id}/members/${second.id}`).expect(200)
  expect(await total(`/channels/${channel.id}/members`)).toBe(2)
  await application.delete(`/users/${first.id}`).expect(200)
  expect(await total(`/channels/${channel.id}/members`)).toBe(1)
  expect(await total('/users')).toBe(4)
  await application.delete(`/channels/${channel.id}`).expect(200)
  expect(await total('/channels')).toBe(0)
})

it('counts messages sent and deleted at once', async () => {
  application = await server.createApplication()
  const channels = await several(3, () => createChannel(application))
  const sent = await several(120, async (at) => {
    const { id } = channels[at % 3] as ChannelDocument
    const message = await sendMessage(application, id)
    expect(await total(`/channels/${id}/messages`)).toBeGreaterThan(0)
    return message
  })
  expect(await total('/messages')).toBe(120)
  for (const { id } of channels) expect(await total(`/channels/${id}/messages`)).toBe(40)

  const doomed = sent.filter(({ channelId }) => channelId === channels[0].id).slice(0, 30)
  await Promise.all([
    ...doomed.map(({ id }) => application.delete(`/messages/${id}`).expect(200)),
    ...Array.from({ length: 30 }, () => sendMessage(application, channels[0].id)),
  ])
  expect(await total(`/channels/${channels[0].id}/messages`)).toBe(40)
  expect(await total('/messages')).toBe(120)

  await application.delete(`/channels/${channels[1].id}`).expect(200)
  expect(await total('/messages')).toBe(80)
  await application.delete('/messages').expect(200)
  expect(await total('/messages')).toBe(0)
  expect(await total(`/channels/${channels[0].id}/messages`)).toBe(0)
})

it('counts a message once when two requests delete it concurrently', async () => {
  application = await server.createApplication()
  const channel = await createChannel(application)
  const [message] = [await sendMessage(application, channel.id), await sendMessage(application, channel.id)]
  const answers = await several(6, () => application.delete(`/messages/${message.id}`))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404])
  expect(await total(`/channels/${channel.id}/messages`)).toBe(1)
})

it('counts correctly what is deleted in every way while more is sent', async () => {
  application = await server.createApplication()
  const channels = await several(4, () => createChannel(application))
  const kept = await several(40, (at) => sendMessage(application, channels[at % 4]?.id as number))
  const statuses = await Promise.all([
    ...kept.map(({ id }) => application.delete(`/messages/${id}`)),
    ...Array.from({ length: 40 }, (_, at) =>
      application.post(`/channels/${channels[at % 4]?.id as number}/messages`, { type: 'TEXT', body: 'x' }),
    ),
    application.delete('/messages'),
    application.delete('/messages'),
    application.delete(`/channels/${channels[3].id}`),
  ])
  for (const { status } of statuses) expect(status).toBeOneOf([200, 404])
  const found = await total('/messages')
  let inChannels = 0
  for (const { id } of channels.slice(0, 3)) inChannels += await total(`/channels/${id}/messages`)
  expect(inChannels).toBe(found)
  const rows = () =>
    server.ctx.db.query({ text: 'select count(*) from message where application_id = $1' }, [application.id])
  await expect
    .poll(async () => (await rows())[0]?.[0], { message: 'once what nobody sees is removed' })
    .toBe(found)
})

it('counts the same after the events were published', async () => {
  await expect
    .poll(async () => (await server.ctx.db.query({ text: 'select count(*) from outbox_event' }, []))[0]?.[0])
    .toBe(0)
  application = await server.createApplication()
  const channel = await createChannel(application)
  await several(10, () => sendMessage(application, channel.id))
  const before = await total('/messages')
  await expect
    .poll(async () => (await server.ctx.db.query({ text: 'select count(*) from outbox_event' }, []))[0]?.[0])
    .toBe(0)
  expect([before, await total('/messages'), await total(`/channels/${channel.id}/messages`)]).toEqual([
    10, 10, 10,
  ])
})
