import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { NotificationDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage, several } from '../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

/** Resolves with a user's notifications, newest first, once there are as many as expected. */
async function notificationsOf(
  user: { id: number },
  count: number,
  application: TestApplication = server.main,
) {
  let found: NotificationDocument[] = []
  await expect
    .poll(async () => {
      const { body } = await application.get(`/users/${user.id}/notifications`).expect(200)
      found = body._embedded.notifications
      return found.length
    })
    .toBe(count)
  return found
}

/** Resolves when every message so far is published and its notifications are created. */
async function allPublished() {
  await expect
    .poll(async () => {
      const [row] = await server.ctx.db.query(
        { text: 'select (select count(*) from outbox_event) + (select count(*) from notification_task)' },
        [],
      )
      return row?.[0]
    })
    .toBe(0)
}

it('all other members are notified of a message, and all members of a system message', async () => {
  const [writer, reader] = await Promise.all([
    createUser(server.main, { displayName: 'Writer' }),
    createUser(server.main),
  ])
  const channel = await createChannel(server.main, { members: [{ id: writer.id }, { id: reader.id }] })
  const message = await sendMessage(server.main, channel.id, { user: { id: writer.id } })
  const [notification] = await notificationsOf(reader, 1)
  expect(notification).toMatchObject({
    title: 'Writer sent a message',
    body: 'Hello, World!',
    muted: false,
    channel: { id: channel.id },
    data: { type: 'USER:SENT:MESSAGE', channelId: channel.id, message: { id: message.id } },
  })
  expect(Object.keys(notification?._links ?? {})).toEqual(['recipient', 'application'])
  const linkTo = (path: string) => ({ _links: { self: { href: expect.stringContaining(path) } } })
  expect(notification?.channel).toMatchObject(linkTo(`/channels/${channel.id}`))
  expect(notification?.data.message).toMatchObject(linkTo(`/messages/${message.id}`))
  expect(notification).not.toHaveProperty('readTime')

  await sendMessage(server.main, channel.id)
  const [system] = await notificationsOf(writer, 1)
  expect(system).toMatchObject({ title: 'System message sent', data: { type: 'SYSTEM:SENT:MESSAGE' } })
  await notificationsOf(reader, 2)
})

it('an empty page keeps its cursor, so that its own link leads to it again', async () => {
  const [writer, reader] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: writer.id }, { id: reader.id }] })
  await sendMessage(server.main, channel.id, { user: { id: writer.id } })
  const [newest] = await notificationsOf(reader, 1)
  const path = `/users/${reader.id}/notifications?start=${newest?.id}&relation=PREVIOUS`
  const { body } = await server.main.get(path).expect(200)
  expect(body).toMatchObject({ _embedded: { notifications: [] }, page: { start: String(newest?.id) } })
})

it('users who are replied to or mentioned are notified of that as well', async () => {
  const [writer, reader] = await Promise.all([
    createUser(server.main, { displayName: 'Writer' }),
    createUser(server.main),
  ])
  const channel = await createChannel(server.main, { members: [{ id: writer.id }, { id: reader.id }] })
  const root = await sendMessage(server.main, channel.id, { user: { id: reader.id } })
  await server.main
    .post(`/threads/${root.id}/messages`, {
      type: 'TEXT',
      body: `<@${reader.name}> look at <#${channel.name}>`,
      user: { id: writer.id },
    })
    .expect(200)
  const delivered = await notificationsOf(reader, 4)
  expect(delivered.map(({ data }) => data.type).sort()).toEqual([
    'USER:MENTIONED:CHANNEL',
    'USER:MENTIONED:USER',
    'USER:REPLIED_TO:MESSAGE',
    'USER:SENT:MESSAGE',
  ])
  const byType = Object.fromEntries(delivered.map(({ data }) => [data.type, data]))
  expect(byType).toMatchObject({
    'USER:REPLIED_TO:MESSAGE': { parent: { id: root.id } },
    'USER:MENTIONED:USER': { mentionedUser: { id: reader.id } },
    'USER:MENTIONED:CHANNEL': { mentionedChannel: { id: channel.id } },
  })
})

it('a page counts exactly the notifications that it leads to, without those of replies to a message that is gone', async () => {
  const [writer, reader] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: writer.id }, { id: reader.id }] })
  const root = await sendMessage(server.main, channel.id, { user: { id: reader.id } })
  const reply = { type: 'TEXT', body: 'Reply', user: { id: writer.id } }
  await server.main.post(`/threads/${root.id}/messages`, reply).expect(200)
  await notificationsOf(reader, 2)
  await server.main.delete(`/messages/${root.id}`).expect(200)
  const { body } = await server.main.get(`/users/${reader.id}/notifications?size=1`).expect(200)
  expect(body._embedded.notifications).toMatchObject([{ data: { type: 'USER:SENT:MESSAGE' } }])
  expect(body.page.total).toBe(1)
  expect(body._links).not.toHaveProperty('next')
})

it('a notification of a mentioned channel does not show its last message, which the recipient may have deleted', async () => {
  const [writer, reader] = await several(2, () => createUser(server.main))
  const members = [{ id: writer.id }, { id: reader.id }]
  const [channel, mentioned] = await several(2, () => createChannel(server.main, { members }))
  await sendMessage(server.main, channel.id, { body: `<#${mentioned.name}>`, user: { id: writer.id } })
  await sendMessage(server.main, mentioned.id, { body: 'The last', user: { id: writer.id } })
  const found = await notificationsOf(reader, 3)
  const { data } = found.find((each) => each.data.type === 'USER:MENTIONED:CHANNEL') ?? {}
  expect(data).toMatchObject({ mentionedChannel: { id: mentioned.id } })
  expect(JSON.stringify(data)).not.toContain('The last')
})

it('users in the channel are not notified, nor users who blocked the author; users who muted it are notified silently', async () => {
  const users = await several(4, () => createUser(server.main))
  const [writer, present, blocker, muter] = users
  const channel = await createChannel(server.main, { members: users.map(({ id }) => ({ id })) })
  const { prisma } = server.ctx.db
  await prisma.userSession.create({
    data: {
      applicationId: server.main.id,
      userId: present.id,
      key: uuid(),
      chatSessions: { create: { channelId: channel.id } },
    },
  })
  await prisma.userBlock.create({ data: { blockerId: blocker.id, blockedId: writer.id } })
  await prisma.channelMembership.update({
    where: { channelId_userId: { channelId: channel.id, userId: muter.id } },
    data: { muted: true },
  })
  await sendMessage(server.main, channel.id, { user: { id: writer.id } })
  expect(await notificationsOf(muter, 1)).toMatchObject([{ muted: true }])
  await allPublished()
  await notificationsOf(present, 0)
  await notificationsOf(blocker, 0)
})

it('all members of a channel that is larger than a batch are notified, once', async () => {
  const application = await server.createApplication()
  const channel = await createChannel(application)
  await server.ctx.db.query(
    {
      text: `
        with u as (
          insert into "user" (application_id, name, display_name)
          select $1, 'member ' || i, 'Member ' || i from generate_series(1, 1200) i returning id
        )
        insert into channel_membership (channel_id, user_id) select $2, id from u`,
    },
    [application.id, channel.id],
  )
  await sendMessage(application, channel.id)
  await allPublished()
  const [row] = await server.ctx.db.query(
    {
      text: `
        select count(*), count(distinct n.recipient_id) from notification n join message m on m.id = n.message_id
        where m.channel_id = $1`,
    },
    [channel.id],
  )
  expect(row).toEqual([1200, 1200])
})

it('a notification is deleted with its message, and pages join into the whole list', async () => {
  const reader = await createUser(server.main)
  const channel = await createChannel(server.main, { members: [{ id: reader.id }] })
  const oldest = await sendMessage(server.main, channel.id)
  for (let count = 1; count < 5; count++) await sendMessage(server.main, channel.id)
  const all = await notificationsOf(reader, 5)
  const first = await server.main.get(`/users/${reader.id}/notifications?size=2`).expect(200)
  expect(first.body.page.total).toBe(5)
  const next = new URL(first.body._links.next.href)
  const second = await server.main.get(next.pathname.slice(3) + next.search).expect(200)
  expect([...first.body._embedded.notifications, ...second.body._embedded.notifications]).toEqual(
    all.slice(0, 4),
  )
  await server.main.delete(`/messages/${oldest.id}`).expect(200)
  await notificationsOf(reader, 4)
})
