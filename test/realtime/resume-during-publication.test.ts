// A session that resumes between the decision who hears an event and its delivery does not miss the event.
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startServer } from '../support/server.ts'
import { Phone, untilLossIsNoticed } from './phone.ts'

it('the only member of a channel who resumes while an event is being published receives it', async () => {
  const server = await startServer()
  const app = server.main
  const { prisma, pool } = server.ctx.db
  const database = new pg.Client(String(pool.options.connectionString))
  await database.connect()
  onTestFinished(async () => {
    await database.end()
    await server.close()
  })
  const open = async () => {
    const user = await createUser(app)
    const { id: channelId } = await createChannel(app, { name: user.name, members: [{ id: user.id }] })
    const message = await sendMessage(app, channelId, {})
    const edit = () => app.patch(`/messages/${message.id}`, { body: 'edited' }).expect(200)
    const phone = new Phone(server, app, user.name)
    await phone.connect()
    const topic = `/topic/channels/${channelId}.messages`
    await phone.listen(topic)
    const edits = () => phone.heard.filter(({ type }) => type === 'channel.message.updated').length
    return { user, channelId, message, phone, topic, edit, edits }
  }
  const [one, other] = await Promise.all([open(), open()])
  await expect.poll(() => prisma.notification.count()).toBe(2)
  await expect.poll(() => prisma.outboxEvent.count()).toBe(0)
  await one.phone.cut()
  await untilLossIsNoticed(server, one.phone)
  await one.edit()
  await other.edit()
  await expect.poll(other.edits).toBe(1)

  // The batch waits for its notification, which cannot be read.
  await database.query('begin; lock table notification in access exclusive mode')
  await server.ctx.db.query(
    {
      text: `insert into outbox_event (application_id, channel_id, type, payload) values
             ($1, null, 'notification.created', jsonb_build_object('notificationId', 0, 'userId', $3::bigint)),
             ($1, $2, 'channel.message.updated', jsonb_build_object('messageId', $4::bigint))`,
    },
    [app.id, one.channelId, one.user.id, one.message.id],
  )
  server.ctx.db.eventsWritten()
  const waiting = () =>
    database
      .query(`select from pg_locks where not granted and relation = 'notification'::regclass`)
      .then(({ rowCount }) => rowCount)
  await expect.poll(waiting, { interval: 10 }).toBeGreaterThan(0)
  await one.phone.connect()
  const answers = one.phone.listen(one.topic)
  one.phone.askForUser()
  expect(await answers).toEqual([undefined])
  await expect.poll(one.edits).toBe(1) // it has caught up
  await database.query('commit')
  await expect.poll(one.edits).toBe(2)
})
