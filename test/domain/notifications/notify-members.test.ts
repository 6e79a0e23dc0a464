import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { notificationsById } from '#data/events/notifications.ts'
import { NotificationShape } from '#resources/notification.ts'
import { presentResource } from '#wire/stompx.ts'
import { deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

/** A user with a session that is open, or ended so many minutes ago. */
async function connected(minutesAgo?: number) {
  const user = await createUser(server.main)
  await server.ctx.db.prisma.userSession.create({
    data: {
      applicationId: server.main.id,
      userId: user.id,
      key: uuid(),
      node: server.ctx.node.id,
      ...(minutesAgo !== undefined && {
        state: 'ENDED',
        endTime: new Date(Date.now() - minutesAgo * 60_000),
      }),
    },
  })
  return user
}

/** What heard of notifications about a message, once every member has its own. */
async function deliveredOf(messageId: number) {
  await expect
    .poll(async () => {
      const [row] = await server.ctx.db.query({ text: 'select count(*) from notification_task' }, [])
      return row?.[0]
    })
    .toBe(0)
  const events = (await deliveredEvents(server, 'notification.created')).map(({ payload }) => payload)
  const found = await notificationsById(
    server.ctx.db,
    events.map(({ notificationId }) => notificationId as number),
  )
  return events.flatMap(({ notificationId, userId }) => {
    const notification = found.get(notificationId as number)
    return notification?.data.message.id === messageId ? [{ userId, notification }] : []
  })
}

it('users who are connected, or were a moment ago, receive their notifications at once', async () => {
  const [online, lately, long, never] = await Promise.all([
    connected(),
    connected(5),
    connected(60),
    createUser(server.main),
  ])
  const members = [online, lately, long, never].map(({ id }) => ({ id }))
  const channel = await createChannel(server.main, { members })
  const message = await sendMessage(server.main, channel.id)
  await expect.poll(async () => (await deliveredOf(message.id)).length).toBe(2)
  const events = await deliveredOf(message.id)
  expect(events.map(({ userId }) => userId).sort()).toEqual([online.id, lately.id].sort())
  for (const { userId, notification } of events) {
    expect(notification).toMatchObject({ recipientId: userId, data: { type: 'SYSTEM:SENT:MESSAGE' } })
  }
  const [row] = await server.ctx.db.query(
    { text: 'select count(*) from notification where message_id = $1' },
    [message.id],
  )
  expect(row?.[0]).toBe(4)
})

it('each reason gives a separate notification, complete as clients need it', async () => {
  const [reader, writer] = await Promise.all([connected(), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: reader.id }, { id: writer.id }] })
  const root = await sendMessage(server.main, channel.id, { user: { id: reader.id } })
  const { body: reply } = await server.main
    .post(`/threads/${root.id}/messages`, {
      type: 'TEXT',
      body: `<@${reader.name}>`,
      user: { id: writer.id },
    })
    .expect(200)
  await expect.poll(async () => (await deliveredOf(reply.id)).length).toBe(3)
  const shown = (await deliveredOf(reply.id)).map(({ notification }) =>
    JSON.parse(presentResource(NotificationShape, notification)),
  )
  expect(shown.map(({ data }) => data.type).sort()).toEqual([
    'USER:MENTIONED:USER',
    'USER:REPLIED_TO:MESSAGE',
    'USER:SENT:MESSAGE',
  ])
  for (const notification of shown) {
    expect(notification).toMatchObject({
      muted: false,
      readTime: null,
      channel: { id: channel.id, _topics: { self: `/topic/channels/${channel.id}.self` } },
      data: {
        recipient: { id: reader.id, _relays: { self: `/application/users/${reader.id}.relay` } },
        message: { id: reply.id },
        _relays: { message: `/application/messages/${reply.id}.relay` },
      },
    })
  }
})

it('a notification whose message is deleted is no longer delivered', async () => {
  const reader = await connected()
  const channel = await createChannel(server.main, { members: [{ id: reader.id }] })
  const message = await sendMessage(server.main, channel.id)
  await expect.poll(async () => (await deliveredOf(message.id)).length).toBe(1)
  await server.main.delete(`/messages/${message.id}`).expect(200)
  expect(await deliveredOf(message.id)).toEqual([])
})
