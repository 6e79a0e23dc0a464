// Messages that go by the thousand are out of sight at once, at every door, however long their removal takes: it is held
// up here by who has one of their rows locked.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { messageFacts } from '#data/applications/analytics.ts'
import { withPersonSnapshot } from '#data/persons/person.ts'
import { writeDump } from '#domain/dumps/write-dump.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { Sweeper } from '#jobs/sweeper.ts'
import { connect, type Device, disconnect, done } from '../../conformance/realtime.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { callerOf } from '../../support/as-user.ts'
import type { MessageDocument } from '../../support/documents.ts'
import { createChannel, createUser, sendMessage, several } from '../../support/factories.ts'
import type { TestApplication } from '../../support/server.ts'
import { startTestApi, type TestApiServer } from '../../support/test-api.ts'

const old = 'said long ago'

let server: TestApiServer
let owner: AdminClient
let main: TestApplication
let path: string
let device: Device | undefined
let held: (() => Promise<void>) | undefined
beforeAll(async () => {
  server = await startTestApi()
  owner = await createAdmin(server, 'owner')
  await server.ctx.queue.ready()
})
beforeEach(async () => {
  main = await server.createApplication()
  await server.ctx.db.prisma.accessToken.updateMany({ data: { expiresTime: new Date('9500-01-01') } })
  server.ctx.tokens.forget()
  path = `/applications/${main.id}`
})
afterEach(async () => {
  await held?.()
  held = undefined
  await disconnect(device)
  await server.clock.release()
})
afterAll(() => server.close())

const count = async (text: string, values: unknown[] = []) =>
  Number((await server.ctx.db.query({ text }, values))[0]?.[0])
const left = (channelId: number) =>
  count('select count(*) from message where channel_id = $1 and body is distinct from $2', [channelId, 'new'])

/** Nobody can remove the messages of a channel until it is let go. */
async function hold(channelId: number) {
  const client = await server.ctx.db.pool.connect()
  await client.query('begin')
  await client.query('select from message where channel_id = $1 for update', [channelId])
  held = async () => {
    await client.query('rollback')
    client.release()
  }
}

/** A channel in which one has spoken, been answered, been reported, and shown a file, and another has not read it all. */
async function furnish() {
  const [author, reader] = await several(2, () => createUser(main))
  const channel = await createChannel(main, { members: [{ id: author.id }, { id: reader.id }] })
  const by = { user: { id: author.id } }
  const said: MessageDocument[] = []
  for (let nth = 0; nth < 3; nth += 1) said.push(await sendMessage(main, channel.id, { ...by, body: old }))
  const [root] = said as [MessageDocument]
  const { body: file } = await main
    .post(`/channels/${channel.id}/messages`)
    .field({ username: author.name })
    .attach('file', Buffer.from('bytes'), 'seen.txt')
    .expect(200)
  await readMessage(server.ctx, callerOf(main, reader), root.id)
  device = await connect(server, main, reader.name)
  const { client } = device
  const asSeen = (await done(client.listMessages({ channel: await seen(channel.id) }))).paginator.items
  const seenRoot = asSeen.find(({ id }) => id === root.id)
  if (!seenRoot) throw new Error('the root is not seen')
  await done(client.sendMessage({ message: seenRoot, body: old }))
  await done(client.reportMessage({ message: seenRoot, reason: 'it is old' } as never))
  await expect
    .poll(() => count('select count(*) from notification where recipient_id = $1', [reader.id]))
    .toBeGreaterThan(2)
  return { author, reader, channel, root, file, seenRoot }
}
type Furnished = Awaited<ReturnType<typeof furnish>>

async function seen(channelId: number) {
  return (await done((device as Device).client.retrieveChannel(channelId))).channel
}

/** What each door shows of messages of the channel; an empty list where one door says that there is none. */
async function shown({ author, reader, channel, root, file, seenRoot }: Furnished) {
  const { client } = device as Device
  const listed = async (of: string) => {
    const { body } = await main.get(of).expect(200)
    return { bodies: Object.values(body._embedded ?? {}).flat(), total: body.page?.total }
  }
  const status = async (asked: Promise<{ status: number }>) => ((await asked).status === 404 ? [] : [asked])
  const administered = async (of: string) => (await owner.get(`${path}${of}`).expect(200)).body.items
  const succeeded = async (result: unknown) =>
    ((await result) as { succeeded: boolean }).succeeded ? [1] : []
  const items = async (result: unknown) =>
    ((await result) as { paginator?: { items: unknown[] } }).paginator?.items ?? []
  const seenChannel = await seen(channel.id)
  const ofChannel = await listed(`/channels/${channel.id}/messages`)
  const ofApplication = await listed('/messages')
  const { body: channelNow } = await main.get(`/channels/${channel.id}`).expect(200)
  const { body: unread } = await main.get(`/users/${reader.id}/messages/unread/count`).expect(200)
  return {
    ofChannel: ofChannel.bodies,
    totalOfChannel: Array(ofChannel.total),
    ofApplication: ofApplication.bodies,
    totalOfApplication: Array(ofApplication.total),
    ofUser: (await listed(`/users/${author.id}/messages`)).bodies,
    reported: (await listed(`/channels/${channel.id}/reported-messages`)).bodies,
    notified: (await listed(`/users/${reader.id}/notifications`)).bodies,
    unread: Array(unread.count),
    last: [channelNow.lastReceivedMessage ?? []].flat(),
    one: await status(main.get(`/messages/${root.id}`)),
    readers: await status(main.get(`/messages/${root.id}/read-receipts`)),
    thread: await status(main.get(`/threads/${root.id}`)),
    inThread: await status(main.get(`/threads/${root.id}/messages`)),
    changed: await status(main.patch(`/messages/${root.id}`, { properties: {} })),
    file: await status(supertest(file.file.url).get('').set('authorization', `Bearer ${main.token}`)),
    administered: await administered('/messages'),
    found: await administered(`/messages?query=${encodeURIComponent(old)}`),
    reports: await administered('/reports'),
    bySocket: await items(client.listMessages({ channel: seenChannel })),
    everywhereBySocket: await items(client.listMessages({})),
    threadsBySocket: await items(
      client.listThreads({ channel: seenChannel, filter: { includeMainThread: false, standalone: false } }),
    ),
    repliesBySocket: await items(client.listMessages({ message: seenRoot } as never)),
    readBySocket: await succeeded(client.readMessage({ message: seenRoot })),
    lastReadBySocket: await succeeded(
      client.retrieveLastReadMessage({ channel: seenChannel, username: reader.name } as never),
    ),
    reactedBySocket: await succeeded(
      client.reactToMessage({ message: seenRoot, emoji: ':thumbsup:' } as never),
    ),
    lastBySocket: [seenChannel.lastReceivedMessage ?? []].flat(),
    unreadBySocket: await succeeded(
      (async () => {
        const { count } = await done(client.countUnreadMessages({ channel: seenChannel } as never))
        return { succeeded: count > 0 }
      })(),
    ),
    inAnalytics: await messageFacts(server.ctx.db, main.id, 0),
    inPersonsExport: await withPersonSnapshot(server.ctx.db, author.id, async (source) => {
      const rows = await Array.fromAsync(source.rows('messages'))
      return [...source.files, ...rows]
    }),
    inDump: await dumped(),
  }
}

/** Lines of a dump that have messages, or what is said of them. */
async function dumped() {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-sight-'))
  try {
    const dump = join(folder, 'one.gz')
    await writeDump(server.ctx, dump, { version: '1.2.3', applicationId: main.id })
    const lines = gunzipSync(await readFile(dump))
      .toString()
      .split('\n')
    return lines.filter((line) => /^\["(message|reaction|message_report|notification)",/.test(line))
  } finally {
    await rm(folder, { recursive: true })
  }
}

const sizes = (places: object) =>
  Object.fromEntries(Object.entries(places).map(([place, found]) => [place, found.length]))
const zerosOf = (places: object) => Object.fromEntries(Object.keys(places).map((place) => [place, 0]))

/** It shows all of them before, none afterwards, what is new since; and what is out of sight is gone in the end. */
async function expectHidden(furnished: Furnished, act: () => Promise<void>) {
  const { channel, author } = furnished
  const before = sizes(await shown(furnished))
  expect(
    Object.entries(before).filter(([, size]) => size === 0),
    'furnish it',
  ).toEqual([])
  await act()
  expect(await left(channel.id)).toBeGreaterThan(4)
  const after = await shown(furnished)
  expect(sizes(after)).toEqual(zerosOf(after))

  const later = await sendMessage(main, channel.id, { user: { id: author.id }, body: 'new' })
  const { body } = await main.get(`/channels/${channel.id}/messages`).expect(200)
  expect(body).toMatchObject({ _embedded: { messages: [{ id: later.id }] }, page: { total: 1 } })
  expect((await seen(channel.id)).lastReceivedMessage?.id).toBe(later.id)
  expect(await left(channel.id)).toBeGreaterThan(4)

  await held?.()
  held = undefined
  await expect.poll(() => left(channel.id)).toBe(0)
  const { body: then } = await main.get('/messages').expect(200)
  expect(then).toMatchObject({ _embedded: { messages: [{ id: later.id }] }, page: { total: 1 } })
  expect(await counted(channel.id)).toEqual({ messages: 1, mainMessages: 1, ofApplication: 1 })
}

/** What the counters say once all that was written is counted. */
async function counted(channelId: number) {
  await expect.poll(() => count('select count(*) from outbox_event')).toBe(0)
  const of = (scope: string, id: number) =>
    count('select coalesce(sum(value), 0) from counter where scope = $1 and scope_id = $2', [scope, id])
  return {
    messages: await of('channel.messages', channelId),
    mainMessages: await of('channel.main_messages', channelId),
    ofApplication: await of('application.messages', main.id),
  }
}

describe('hidden at once from every list and query, however long their removal takes, are', () => {
  it('all messages of an application that are deleted', async () => {
    const furnished = await furnish()
    await expectHidden(furnished, async () => {
      await hold(furnished.channel.id)
      await main.delete('/messages').expect(200)
    })
  })

  it('messages that retention removes, from the start of its run', async () => {
    const furnished = await furnish()
    await server.clock.advance({ days: 31 })
    await owner.patch(`${path}/settings`, { retention: { messagesDays: 30 } }).expect(200)
    await expectHidden(furnished, async () => {
      await hold(furnished.channel.id)
      await owner.post(`${path}/retention/run`).expect(202)
    })
  })

  it('messages that exceed the retention, from that moment and not only from the hourly run', async () => {
    const furnished = await furnish()
    await owner.patch(`${path}/settings`, { retention: { messagesDays: 30 } }).expect(200)
    const sweeper = new Sweeper(server.ctx)
    sweeper.start()
    await expectHidden(furnished, async () => {
      await hold(furnished.channel.id)
      await server.clock.advance({ days: 31 })
    })
    await sweeper.stop()
  })
})
