import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
})
afterAll(() => server.close())

/** Marks a range of a channel's messages as read, as the real-time API does. */
function read(channelId: number, userId: number, fromId: number, throughId = fromId) {
  return server.ctx.db.prisma.readSpan.create({ data: { channelId, userId, fromId, throughId } })
}

async function conversation() {
  const [reader, writer] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: writer.id }] })
  const before = await sendMessage(server.main, channel.id, { user: { id: writer.id } })
  await server.main.post(`/channels/${channel.id}/members`, { id: reader.id }).expect(200)
  const first = await sendMessage(server.main, channel.id, { user: { id: writer.id } })
  const own = await sendMessage(server.main, channel.id, { user: { id: reader.id } })
  const last = await sendMessage(server.main, channel.id)
  return { reader, writer, channel, before, first, own, last }
}

it('unread are the messages of others since the user joined that it has not read', async () => {
  const { reader, channel, first, last } = await conversation()
  const unread = async () => {
    const [list, count] = await Promise.all([
      server.main.get(`/users/${reader.id}/messages?unread=true`).expect(200),
      server.main.get(`/users/${reader.id}/messages/unread/count`).expect(200),
    ])
    expect(count.body.count).toBe(list.body._embedded.messages.length)
    return list.body._embedded.messages.map(({ id }: { id: number }) => id)
  }
  expect(await unread()).toEqual([last.id, first.id])
  await read(channel.id, reader.id, first.id)
  expect(await unread()).toEqual([last.id])
  const { body } = await server.main.get(`/users/${reader.id}/messages?unread=false`).expect(200)
  expect(body._embedded.messages.map(({ id }: { id: number }) => id)).toEqual([first.id])
  await read(channel.id, reader.id, last.id)
  expect(await unread()).toEqual([])
})

it('without the unread filter, the messages of a user are those it sent', async () => {
  const { reader, own } = await conversation()
  const { body } = await server.main.get(`/users/${reader.id}/messages`).expect(200)
  expect(body._embedded.messages.map(({ id }: { id: number }) => id)).toEqual([own.id])
})

it('read receipts show who has read a message, and when', async () => {
  const { reader, channel, first, last } = await conversation()
  await read(channel.id, reader.id, first.id, last.id)
  const { body } = await server.main.get(`/messages/${last.id}/read-receipts`).expect(200)
  expect(body._embedded.receipts).toHaveLength(1)
  expect(body._embedded.receipts[0]).toMatchObject({ user: { id: reader.id } })
  expect(Object.keys(body._embedded.receipts[0]._links)).toEqual(['user', 'message', 'application'])
  expect(body.page.totalElements).toBe(1)
})

it('summaries count the unread messages of each member of each channel', async () => {
  const other = await server.createApplication()
  const user = await createUser(other)
  const channel = await createChannel(other, { members: [{ id: user.id }] })
  await sendMessage(other, channel.id)
  await sendMessage(other, channel.id)
  const { body } = await other.get('/application/message-read-receipt-summaries').expect(200)
  expect(body._embedded.summaries).toMatchObject([
    { count: 2, user: { id: user.id }, channel: { id: channel.id } },
  ])
  expect(body.page.totalElements).toBe(1)
})

it('reported messages are listed newest first, with how often they were reported', async () => {
  const { channel, first, last, reader } = await conversation()
  for (const message of [first, last]) {
    await server.ctx.db.prisma.messageReport.create({
      data: { messageId: message.id, userId: reader.id, reason: 'spam' },
    })
    await server.ctx.db.prisma.message.update({ where: { id: message.id }, data: { reportCount: 1 } })
  }
  const { body } = await server.main.get(`/channels/${channel.id}/reported-messages`).expect(200)
  expect(body._embedded.messages).toMatchObject([
    { id: last.id, reportCount: 1 },
    { id: first.id, reportCount: 1 },
  ])
  expect(body.page.totalElements).toBe(2)
})
