// A notification shows its channel as its recipient may see it when they receive it.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clearHistory } from '#domain/channels/members/clear-history.ts'
import { callerOf } from '../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'
import { Phone } from './phone.ts'

let server: TestServer
let app: TestApplication
beforeAll(async () => {
  server = await shareServer()
  app = server.main
})
afterAll(() => server.close())

const meanwhiles: [string, (channelId: number, user: { id: number }) => Promise<unknown>][] = [
  [
    'is removed from the channel',
    async (channelId, { id }) => {
      await app.delete(`/channels/${channelId}/members/${id}`).expect(200)
      await sendMessage(app, channelId, { body: 'not for them' })
    },
  ],
  ['clears the history', (channelId, user) => clearHistory(server.ctx, callerOf(app, user), channelId)],
]

it.each(meanwhiles)(
  'a recipient who %s before a notification arrives is not shown the last message',
  async (_what, happens) => {
    const user = await createUser(app)
    const channel = await createChannel(app, { type: 'PRIVATE', name: uuid(), members: [{ id: user.id }] })
    const phone = new Phone(server, app, user.name)
    await phone.connect()
    expect(await phone.listen(`/topic/users/${user.id}.notifications`)).toEqual([undefined])
    const received = () => phone.heard.filter(({ type }) => type === 'user.notification.created')
    await sendMessage(app, channel.id, { body: 'hello' })
    await expect
      .poll(received)
      .toMatchObject([{ resource: { channel: { lastReceivedMessage: { body: 'hello' } } } }])
    await happens(channel.id, user)
    await server.ctx.db.query(
      {
        text: `insert into outbox_event (application_id, type, payload)
             select $1, 'notification.created', jsonb_build_object('notificationId', id, 'userId', recipient_id)
             from notification where recipient_id = $2`,
      },
      [app.id, user.id],
    )
    server.ctx.db.eventsWritten()
    const shown = { channel: { id: channel.id }, data: { message: { body: 'hello' } } }
    await expect.poll(() => received()[1]?.resource).toMatchObject(shown)
    expect(received()[1]?.resource).not.toHaveProperty('channel.lastReceivedMessage')
  },
)
