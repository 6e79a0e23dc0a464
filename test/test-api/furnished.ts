// A world with rows in every table, and dumps of the database.
import { v4 as uuid } from 'uuid'
import { expect, vi } from 'vitest'
import { theSystem } from '#domain/access/operator.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { deleteMessageForMe } from '#domain/messages/delete-message-for-me.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { resolveReport } from '#domain/moderation/resolve-report.ts'
import { searchReports } from '#domain/moderation/search-reports.ts'
import { sweepCounters } from '#domain/retention/sweep-counters.ts'
import { banUser } from '#domain/users/bans/ban-user.ts'
import { blockUser } from '#domain/users/block-user.ts'
import { createWebhook } from '#domain/webhooks/create-webhook.ts'
import { testWebhook } from '#domain/webhooks/test-webhook.ts'
import type { ChannelDocument, UserDocument } from '../support/documents.ts'
import { patienceMs } from '../support/patience.ts'
import type { TestApiServer, World } from '../support/test-api.ts'

const patience = { timeout: patienceMs, interval: 10 }

export const everything = {
  users: [
    { name: 'jane', displayName: 'Jane', properties: { role: 'captain' }, idempotencyKey: 'jane' },
    {
      name: 'john',
      displayName: 'John',
      displayPicture: {
        url: 'https://example.com/john.png',
        name: 'john.png',
        contentType: 'image/png',
        size: 1,
      },
    },
    { name: 'gil', displayName: 'Gil', guest: true },
  ],
  channels: [
    { type: 'PUBLIC', name: 'deck', displayName: 'The deck', creator: 'jane', members: ['john', 'gil'] },
    { type: 'PRIVATE', name: 'hold', members: ['jane', 'john'] },
    { type: 'DIRECT', members: ['jane', 'john'] },
  ],
  messages: [
    { type: 'TEXT', channel: 'deck', user: 'jane', body: 'Ahoy <@john>, see <#hold>' },
    { type: 'SYSTEM_TEXT', channel: 'deck', body: 'Land!' },
  ],
  functions: [
    { name: 'echo', event: 'user.sent.message', script: 'export async function handleEvent() { return 1 }' },
  ],
}

/** Adds data that a seed cannot contain, because they are only created by use. */
export async function furnish(server: TestApiServer, world: World): Promise<void> {
  const { ctx } = server
  const as = server.as(world)
  const { body: users } = await as.get('/users').expect(200)
  const [gil, jane, john] = users._embedded.users.toSorted((a: UserDocument, b: UserDocument) =>
    a.name.localeCompare(b.name),
  )
  const { body: channels } = await as.get('/channels').expect(200)
  const deck = channels._embedded.channels.find(({ name }: ChannelDocument) => name === 'deck')
  const { body: page } = await as.get(`/channels/${deck.id}/messages`).expect(200)
  const first = page._embedded.messages.at(-1)
  const caller = ({ id }: UserDocument) => ({
    kind: 'user' as const,
    applicationId: world.id,
    userId: id,
    session: uuid(),
  })
  await as
    .put(`/users/${jane.id}/secrets/pin`)
    .send({ secret: { pin: 1234 } })
    .expect(200)
  await as
    .post(`/users/${jane.id}/display-picture`)
    .attach('file', Buffer.from('GIF89a'), 'jane.gif')
    .expect(200)
  await as.post(`/channels/${deck.id}/messages`).attach('file', Buffer.from('a map'), 'map.txt').expect(200)
  await as
    .post('/imports/users')
    .attach('file', Buffer.from('[{"name":"kim","displayName":"Kim"}]'), 'users.json')
    .expect(202)
  await vi.waitFor(async () => {
    expect((await as.get('/jobs')).body._embedded.jobs[0].state).toBe('FINISHED')
  }, patience)
  await as
    .post(`/channels/${deck.id}/invites`)
    .send({ user: { username: 'kim' } })
    .expect(200)
  await blockUser(ctx, caller(jane), gil.id)
  await blockChannelUser(ctx, caller(jane), deck.id, { id: gil.id })
  await replyToMessage(ctx, caller(john), first.id, { type: 'TEXT', body: 'Aye' })
  await reactToMessage(ctx, caller(john), first.id, { emoji: 'tada' })
  await reportMessage(ctx, caller(john), first.id, { reason: 'odd' })
  const moderator = { kind: 'application' as const, applicationId: world.id, scopes: [], operator: theSystem }
  const { items } = await searchReports(ctx, moderator, 'open', { limit: 1 })
  await resolveReport(ctx, moderator, items[0]?.id ?? 0, 'keep')
  await banUser(ctx, moderator, gil.id, { reason: 'piracy' })
  await reportMessage(ctx, caller(john), first.id, { reason: 'rude' })
  await readMessage(ctx, caller(john), first.id)
  await ctx.db.query(
    {
      text: `update read_span set later_ids = array[through_id], later_times = array[created_time + interval '1 hour']
        where user_id = $1`,
    },
    [john.id],
  )
  const hook = await createWebhook(ctx, moderator, {
    url: 'http://127.0.0.1:1/',
    events: ['*'],
    enabled: false,
  })
  await testWebhook(ctx, moderator, hook.id)
  await as
    .post(`/channels/${deck.id}/messages`)
    .send({ type: 'TEXT', body: 'gone', user: { username: 'john' } })
    .expect(200)
    .then(({ body }) => deleteMessageForMe(ctx, caller(jane), body.id))
  await as.put('/runtimes/nodejs/environment-variables').send({ HARBOUR: 'Nassau' }).expect(200)
  const { prisma } = ctx.db
  const session = await prisma.userSession.create({
    data: { applicationId: world.id, userId: jane.id, key: uuid(), node: ctx.node.id, state: 'ACTIVE' },
  })
  await prisma.chatSession.create({ data: { sessionId: session.id, channelId: deck.id } })
  const { id: functionId } = await prisma.function.findFirstOrThrow({ where: { applicationId: world.id } })
  await prisma.functionInvocation.create({
    data: { functionId, versionNumber: 1, status: 'SUCCEEDED', args: {}, durationMs: 1 },
  })
  await allPublished(server)
}

/** Resolves when all events, notifications and function runs are processed. */
export async function allPublished({ ctx }: TestApiServer): Promise<void> {
  const waiting = `select (select count(*) from outbox_event) + (select count(*) from notification_task)
    + (select count(*) from function_run)`
  await vi.waitFor(async () => {
    expect(await ctx.db.query({ text: waiting }, [])).toEqual([[0]])
  }, patience)
}

/** The tables that are not part of a world's content. */
const others = [
  'application',
  'credential',
  'access_token',
  'world',
  'snapshot',
  'event_log',
  'lease',
  'encryption_key',
  'operator',
  'operator_session',
  'sign_in_attempt',
  'admin_key',
  'audit_entry',
  'statistics_bucket',
  'message_block',
  'large_message_block',
  'statistics_due',
  'request_hour',
  'live_watch',
  'moved_item',
  'outbox_event',
  'notification_task',
  'function_run',
  'webhook_delivery',
  '_prisma_migrations',
]

export async function tablesOf({ ctx }: TestApiServer): Promise<string[]> {
  const rows = await ctx.db.query(
    {
      text: `select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    },
    [],
  )
  return rows
    .map(([name]) => name as string)
    .filter((name) => !others.includes(name))
    .sort()
}

/** A row by column name. */
export type Row = Record<string, unknown>

/** All rows of the tables of worlds, without encrypted columns, which differ with each encryption. */
export async function dump(server: TestApiServer): Promise<Record<string, Row[]>> {
  await sweepCounters(server.ctx) // deletes the counters of deleted rows
  const tables: Record<string, Row[]> = {}
  for (const table of await tablesOf(server)) {
    const sealed = table === 'webhook' ? `- 'secret'` : `- 'sealed' - 'environment'`
    const text = `select to_jsonb(t) ${sealed} from "${table}" t order by to_jsonb(t)::text`
    tables[table] = (await server.ctx.db.query({ text }, [])).map(([row]) => row as Row)
  }
  return tables
}

/** Everything that the REST API returns for a world, without values that differ between worlds. */
export async function shown(
  server: Pick<TestApiServer, 'as'>,
  of: Pick<World, 'accessToken'>,
): Promise<Record<string, unknown>> {
  const as = server.as(of as World)
  const get = async (path: string) => (await as.get(path).expect(200)).body
  const {
    _embedded: { channels },
  } = await get('/channels?size=50')
  const ofChannels = await Promise.all(
    channels.map(async ({ id, type }: ChannelDocument) => ({
      messages: await get(`/channels/${id}/messages`),
      members: await get(`/channels/${id}/members`),
      memberships: await get(`/channels/${id}/memberships`),
      ...(type !== 'DIRECT' && { invites: await get(`/channels/${id}/invites`) }),
    })),
  )
  const all = {
    users: await get('/users?size=50'),
    channels,
    ofChannels,
    jobs: await get('/jobs'),
    functions: await get('/runtimes/nodejs/functions'),
    runtime: await get('/runtimes/nodejs'),
    settings: await get('/application/settings'),
  }
  const named = JSON.stringify(all, (key, value) =>
    /^(_links|id|key|channelId|start|createdTime|CHATKITTY_APPLICATION_ID|CHATKITTY_CLIENT_SECRET)$/.test(key)
      ? undefined
      : value,
  )
  return JSON.parse(
    named.replace(/[\da-f]{8}-[\da-f-]{27}/g, '<uuid>').replace(/\/users\/\d+/g, '/users/<id>'),
  )
}
