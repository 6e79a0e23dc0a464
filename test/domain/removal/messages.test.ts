// All messages of an application are removed batch by batch, and what was sent since stays. That nobody sees them
// meanwhile is in out-of-sight.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { callerOf } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { Receiver } from '../../webhooks/receiver.ts'

const messages = 3_200

let server: TestServer
let owner: AdminClient
let receiver: Receiver
beforeAll(async () => {
  server = await startServer({ FUNCTION_EGRESS: 'open' })
  owner = await createAdmin(server, 'owner')
  receiver = await Receiver.open()
})
afterAll(async () => {
  receiver.close()
  await server.close()
})

const count = async (text: string, values: unknown[] = []) =>
  Number((await server.ctx.db.query({ text: `select count(*) from ${text}` }, values))[0]?.[0])

it('a large application is emptied batch by batch, and keeps what is sent meanwhile', async () => {
  const { main } = server
  const path = `/applications/${main.id}`
  await owner.post(`${path}/webhooks`, { url: receiver.url, events: ['message.created'] }).expect(201)
  const reader = await createUser(main)
  const channel = await createChannel(main, { members: [{ id: reader.id }] })
  const other = await server.createApplication()
  const kept = await sendMessage(other, (await createChannel(other)).id)
  await server.ctx.db.pool.query(
    `with sent as (
       insert into message (application_id, channel_id, type, body)
       select application_id, id, 'SYSTEM_TEXT', 'message ' || n from channel, generate_series(1, ${messages}) n
       where id = $1 returning application_id, channel_id
     )
     insert into outbox_event (application_id, type, channel_id, count, payload)
     select application_id, 'channel.message.created', channel_id, count(*), '{}' from sent group by 1, 3`,
    [channel.id],
  )
  const newest = await sendMessage(main, channel.id)
  await readMessage(server.ctx, callerOf(main, reader), newest.id)
  const delivered = () => count(`webhook_delivery where state = 'DELIVERED'`)
  await expect.poll(delivered).toBe(1)

  await main.delete('/messages').expect(200)
  await main.get(`/messages/${newest.id}`).expect(404)
  const later = await sendMessage(main, channel.id)

  const jobs = async () => (await owner.get(`${path}/jobs`).expect(200)).body.items
  await expect
    .poll(jobs)
    .toMatchObject([
      { type: 'MESSAGES_DELETION', state: 'FINISHED', processed: messages + 1, total: messages + 1 },
    ])
  expect(await count('message where channel_id = $1', [channel.id])).toBe(1)
  const { body } = await main.get(`/channels/${channel.id}/messages`).expect(200)
  expect(body).toMatchObject({ _embedded: { messages: [{ id: later.id }] }, page: { total: 1 } })
  expect(await count('read_span where channel_id = $1 and through_id < $2', [channel.id, later.id])).toBe(0)
  await expect.poll(delivered).toBe(1) // of the new message alone
  await other.get(`/messages/${kept.id}`).expect(200)
})
