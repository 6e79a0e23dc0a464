// A person who has left traces in everything that the server stores.
import { v4 as uuid } from 'uuid'
import { expect } from 'vitest'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { callerOf } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { deploy, endedInvocations } from '../../support/functions.ts'
import { importFile } from '../../support/jobs.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'
import { Receiver } from '../../webhooks/receiver.ts'

interface World {
  server: TestServer
  owner: AdminClient
  receiver: Receiver
  main: TestApplication
  /** The path of the application in the admin API. */
  path: string
}

/** Starts a server of its own, whose functions and webhooks reach the receiver. */
export async function openWorld(): Promise<World & { close(): Promise<void> }> {
  const server = await startServer({ FUNCTION_EGRESS: 'open' })
  const [owner, receiver] = await Promise.all([createAdmin(server, 'owner'), Receiver.open()])
  const { main } = server
  const close = async () => {
    receiver.close()
    await server.close()
  }
  return { server, owner, receiver, main, path: `/applications/${main.id}`, close }
}

/** Resolves when all events are published. */
export async function taken({ ctx }: TestServer): Promise<void> {
  const statement = { text: 'select count(*) from outbox_event' }
  await expect.poll(async () => (await ctx.db.query(statement, []))[0]?.[0]).toBe(0)
}

/** Writes rows as other processes, moves, devices and faults leave them. */
async function plantRows(
  { server, main }: World,
  {
    person,
    friend,
    channel,
    message,
    name,
  }: Record<'person' | 'friend' | 'channel' | 'message', { id: number }> & { name: string },
) {
  const { id } = main
  const json = JSON.stringify({ of: { call: `about ${name}` } })
  const text = `about ${name}`
  const { pool } = server.ctx.db
  const plant = (statement: string, values: unknown[]) => pool.query(statement, values)
  await plant('update "user" set presence_status = $2 where id = $1', [friend.id, text])
  await plant(
    `insert into user_ban (user_id, application_id, reason, created_by) values ($1, $2, $3, 'admin')`,
    [friend.id, id, text],
  )
  await plant(`insert into user_secret (user_id, name, secret) values ($1, 'plain', $2)`, [person.id, json])
  await plant(
    `insert into thread (application_id, channel_id, type, name, properties) values ($1, $2, 'STANDALONE', $3, $4)`,
    [id, channel.id, text, json],
  )
  await plant('update message set links = $2, mentions = $3 where id = $1', [
    message.id,
    JSON.stringify([{ source: `https://example.org/${name}`, startPosition: 0, endPosition: 1 }]),
    JSON.stringify([{ type: 'USER', tag: name, startPosition: 0, endPosition: 1, id: person.id }]),
  ])
  await plant('update message_report set properties = $2 where message_id = $1', [message.id, json])
  await plant(
    `insert into resolved_report
       (id, application_id, channel_id, message_id, user_id, reason, properties, created_time, resolution, resolved_by)
     values (nextval(pg_get_serial_sequence('message_report', 'id')), $1, $2, $3, $4, $5, $6, now(), 'keep', 'admin')`,
    [id, channel.id, message.id, friend.id, text, json],
  )
  await plant('update job set errors = $2 where application_id = $1', [
    id,
    JSON.stringify([{ index: 0, reason: text }]),
  ])
  await plant('update "function" set description = $2 where application_id = $1', [id, text])
  await plant(
    `update function_invocation set result = jsonb_build_object('payload', $2::jsonb), logs = $3
     where function_id in (select f.id from "function" f where f.application_id = $1)`,
    [id, json, JSON.stringify([{ level: 'info', text }])],
  )
  await plant(`insert into event_log (application_id, type, payload) values ($1, 'channel.updated', $2)`, [
    id,
    JSON.stringify({ channel: { id: channel.id, name: text, properties: { of: name } } }),
  ])
  await plant(
    `update webhook_delivery set attempts = $2
     where webhook_id in (select w.id from webhook w where w.application_id = $1)`,
    [id, JSON.stringify([{ answer: text }])],
  )
  await plant(
    `insert into audit_entry (application_id, actor_type, actor_name, action, target_type, target_id, details)
     values ($1, 'user', 'user 1', 'user.banned', 'user', '1', $2)`,
    [id, JSON.stringify({ reason: text })],
  )
  const moved = (content: object) => JSON.stringify({ ...content, properties: { of: name }, reactions: [] })
  const theirs = `${name}-${uuid()}`
  await plant(
    `insert into moved_item (application_id, source, kind, key, parent_key, id, digest, content, pass) values
       ($1, 'stream', 'user', $2, null, $3, '\\x01', null, 1),
       ($1, 'stream', 'member', 'messaging:1 ' || $2::text, null, 0, '\\x01', null, 1),
       ($1, 'stream', 'message', $4, null, null, '\\x02', $5, 1),
       ($1, 'stream', 'message', 'answer ' || $3::bigint, $4, null, '\\x02', $6, 1)`,
    [id, name, person.id, theirs, moved({ user: name, body: text }), moved({ body: text })],
  )
}

/** Creates a person whose names are wherever they can be. */
export async function plantPerson(world: World, name: string, displayName: string) {
  const { server, owner, receiver, main, path } = world
  const properties = { email: `${name}@example.org`, home: { call: `This is ${displayName} "at home"` } }
  const person = await createUser(main, { name, displayName, properties })
  const friend = await createUser(main, { properties: { friend: name } })
  const bot = await deploy(
    main,
    'user.sent.message',
    'async (event) => { console.log(event.user.name); return event }',
  )
  await owner
    .post(`${path}/webhooks`, {
      url: receiver.url,
      events: ['*'],
      description: `asked for by ${displayName}`,
    })
    .expect(201)
  await owner.post(`${path}/webhooks`, { url: 'http://127.0.0.1:1/', events: ['*'] }).expect(201)
  await main
    .post(`/users/${person.id}/display-picture`)
    .attach('file', Buffer.from('GIF89a'), `${name}.gif`)
    .expect(200)
  await main.put(`/users/${person.id}/secrets/${name}`, { secret: { of: name } }).expect(200)
  const members = [{ id: person.id }, { id: friend.id }]
  const channel = await createChannel(main, {
    name: `room-of-${name}`,
    displayName: `${displayName}'s room`,
    properties: { host: name },
    members,
  })
  const direct = await createChannel(main, { type: 'DIRECT', members })
  const by = { user: { id: person.id } }
  const first = await sendMessage(main, channel.id, {
    ...by,
    body: `I am ${displayName}`,
    groupTag: name,
    properties: { from: name },
  })
  const { body: file } = await main
    .post(`/channels/${channel.id}/messages`)
    .field({ username: name })
    .attach('file', Buffer.from(`a letter of ${displayName}`), `${name}.txt`)
    .expect(200)
  const answer = await sendMessage(main, channel.id, {
    user: { id: friend.id },
    body: `Hello @${name}, or ${displayName.toUpperCase()}! And @${name} again`,
  })
  await sendMessage(main, direct.id, { ...by, body: 'a secret' })
  const caller = callerOf(main, person)
  const other = callerOf(main, friend)
  await reactToMessage(server.ctx, caller, answer.id, { emoji: 'tada' })
  await readMessage(server.ctx, caller, answer.id)
  await reportMessage(server.ctx, caller, answer.id, { reason: `${displayName} minds` })
  await reportMessage(server.ctx, other, first.id, {
    reason: `${name} again`,
    properties: { of: name },
  })
  const { items } = (await owner.get(`${path}/reports?state=open`).expect(200)).body
  await owner.post(`${path}/reports/${items[0].id}/resolve`, { action: 'keep' }).expect(200)
  await owner.post(`${path}/users/${person.id}/ban`, { reason: `${displayName} shouts` }).expect(200)
  await owner.delete(`${path}/users/${person.id}/ban`).expect(204)
  await owner.patch(path, { name: `Of ${displayName}`, properties: { contact: displayName } }).expect(200)
  const key = { idempotencyKey: `message-of-${name}` }
  const item = { type: 'TEXT', channelId: channel.id, user: name, body: 'imported', ...key }
  await importFile(main, 'messages', [item, { ...item, user: name, channelId: 1e9, idempotencyKey: 'x' }])
  await importFile(main, 'users', [{ name, displayName, isGuest: false }])
  await main.post('/analytics/users', {}).expect((answer) => expect(answer.status).toBeLessThan(500))
  const { prisma } = server.ctx.db
  const session = await prisma.userSession.create({
    data: {
      applicationId: main.id,
      userId: person.id,
      key: uuid(),
      node: server.ctx.node.id,
      state: 'ENDED',
      endTime: new Date(),
      userAgent: `${name}'s phone`,
    },
  })
  await prisma.chatSession.create({ data: { sessionId: session.id, channelId: channel.id, state: 'ENDED' } })
  await endedInvocations(main, bot, 3)
  await taken(server)
  await expect.poll(() => receiver.types()).toContain('message.reported')
  await plantRows(world, { person, friend, channel, message: answer, name })
  return { person, friend, channel, direct, first, answer, file }
}
