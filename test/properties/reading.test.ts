// Read positions stored as spans are equivalent to a record of each read message, in any order and with any number of
// concurrent devices.

import fc from 'fast-check'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countBlocks } from '#data/messages/message-blocks.ts'
import { compactSpans, findLastRead } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { countChannelMessages } from '#domain/messages/count-channel-messages.ts'
import { deleteMessageForMe } from '#domain/messages/delete-message-for-me.ts'
import { countUserUnread } from '#domain/messages/reading/count-user-unread.ts'
import { isChannelUnread } from '#domain/messages/reading/is-channel-unread.ts'
import { listMessageReadReceipts } from '#domain/messages/reading/list-message-read-receipts.ts'
import { readChannel } from '#domain/messages/reading/read-channel.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { unreadMessage } from '#domain/messages/reading/unread-message.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { readThread } from '#domain/threads/read-thread.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

interface Sent {
  id: number
  isOwn: boolean
  /** The message it replies to. */
  under: number | undefined
}

/** A channel, and a simple model of its read messages. */
interface World {
  channelId: number
  mainThreadId: number
  me: UserCaller
  other: UserCaller
  messages: Sent[]
  read: Set<number>
  hidden: Set<number>
  /** The time when each message was read, as first returned. */
  times: Map<number, string>
}

const callerOf = (userId: number): UserCaller => ({
  kind: 'user',
  applicationId: server.main.id,
  userId,
  session: uuid(),
})

async function newWorld(): Promise<World> {
  const [me, other] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: me.id }, { id: other.id }] })
  const [row] = await server.ctx.db.query({ text: 'select id from thread where channel_id = $1' }, [
    channel.id,
  ])
  return {
    channelId: channel.id,
    mainThreadId: row?.[0] as number,
    me: callerOf(me.id),
    other: callerOf(other.id),
    messages: [],
    read: new Set(),
    hidden: new Set(),
    times: new Map(),
  }
}

const at = fc.nat(30)
const reading = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const), at }) },
  fc.constant({ do: 'read channel' as const }),
  fc.constant({ do: 'compact' as const }),
  fc.record({
    do: fc.constant('count in blocks' as const),
    messages: fc.integer({ min: 1, max: 4 }),
    blocks: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant('read thread' as const), at: fc.option(at) }),
)
const commands = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), own: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reply' as const), own: fc.boolean(), at }) },
  { weight: 5, arbitrary: reading },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('unread' as const), at }) },
  fc.record({ do: fc.constantFrom('hide' as const, 'delete' as const), at }),
  fc.constant({ do: 'let an hour pass' as const }),
)
type Command = typeof commands extends fc.Arbitrary<infer C> ? C : never

async function run(world: World, command: Command): Promise<void> {
  const { ctx } = server
  const { channelId, me, other, messages, read, hidden } = world
  const pick = (at: number) => messages[at % Math.max(messages.length, 1)]
  const write = { type: 'TEXT' as const, body: 'x' }
  const readAll = (wanted: (message: Sent) => boolean) => {
    for (const message of messages) {
      if (wanted(message) && !message.isOwn && !hidden.has(message.id)) read.add(message.id)
    }
  }
  switch (command.do) {
    case 'send': {
      const { id } = await sendMessage(ctx, command.own ? me : other, { channelId }, write)
      messages.push({ id, isOwn: command.own, under: undefined })
      return
    }
    case 'reply': {
      const parent = pick(command.at)
      if (!parent || hidden.has(parent.id)) return
      const { id } = await replyToMessage(ctx, command.own ? me : other, parent.id, write)
      messages.push({ id, isOwn: command.own, under: parent.id })
      return
    }
    case 'read': {
      const message = pick(command.at)
      if (!message || hidden.has(message.id)) return
      await readMessage(ctx, me, message.id)
      return readAll(({ id }) => id === message.id)
    }
    case 'read channel':
      await readChannel(ctx, me, channelId)
      return readAll(() => true)
    case 'read thread': {
      const root = command.at === null ? undefined : pick(command.at)
      if (root && hidden.has(root.id)) return
      await readThread(ctx, me, root?.id ?? world.mainThreadId)
      return readAll(({ under }) => under === root?.id)
    }
    case 'compact':
      await compactSpans(ctx.db, channelId, me.userId)
      return
    case 'count in blocks':
      await countBlocks(ctx.db, channelId, messages.at(-1)?.id ?? 0, command)
      return
    case 'unread': {
      const message = pick(command.at)
      if (!message || hidden.has(message.id)) return
      await unreadMessage(ctx, me, message.id)
      read.delete(message.id)
      world.times.delete(message.id)
      return
    }
    case 'hide': {
      const message = pick(command.at)
      if (!message || hidden.has(message.id)) return
      await deleteMessageForMe(ctx, me, message.id)
      hidden.add(message.id)
      return
    }
    case 'delete': {
      const message = pick(command.at)
      if (!message) return
      await server.main.delete(`/messages/${message.id}`).expect(200)
      messages.splice(messages.indexOf(message), 1)
      return
    }
    case 'let an hour pass': {
      const before = "created_time = created_time - interval '1 hour'"
      const inChannel = [channelId]
      const laterBefore = "later_times = array(select t - interval '1 hour' from unnest(later_times) t)"
      await ctx.db.query(
        { text: `update read_span set ${before}, ${laterBefore} where channel_id = $1` },
        inChannel,
      )
      await ctx.db.query({ text: `update message set ${before} where channel_id = $1` }, inChannel)
      for (const [id, time] of world.times) {
        world.times.set(id, new Date(Date.parse(time) - 3_600_000).toISOString())
      }
    }
  }
}

/** The read receipt of `me` that other users get for a message. */
async function receiptOf({ other, me }: World, id: number) {
  const page = { number: 0, size: 25, sort: [] }
  const { items } = await listMessageReadReceipts(server.ctx, other, id, page)
  return items.find(({ user }) => user.id === me.userId)
}

async function mustAgree(world: World): Promise<void> {
  const { ctx, main } = server
  const { channelId, me, messages, read, hidden } = world
  const unread = messages.filter(({ id, isOwn }) => !isOwn && !read.has(id) && !hidden.has(id))
  const { body } = await main.get(`/users/${me.userId}/messages?unread=true&size=100`).expect(200)
  expect(body._embedded?.messages.map(({ id }: Sent) => id) ?? []).toEqual(
    unread.map(({ id }) => id).reverse(),
  )
  expect(await countUserUnread(ctx, me)).toBe(unread.length)
  expect(await countChannelMessages(ctx, me, channelId, { unread: true })).toBe(unread.length)
  expect(await isChannelUnread(ctx, me, channelId)).toBe(unread.length > 0)

  const seen = messages.filter(({ id }) => read.has(id))
  const last = await findLastRead(ctx.db, channelId, me.userId, me.userId)
  expect(last?.id).toBe(seen.findLast(({ id }) => !hidden.has(id))?.id)
  for (const { id } of messages) {
    const mine = await receiptOf(world, id)
    if (hidden.has(id) && !read.has(id)) continue // a span may include it, which is not visible to anyone
    expect(mine !== undefined, `message ${id} is read`).toBe(read.has(id))
    if (!mine) continue
    const known = world.times.get(id)
    if (known === undefined) expect(Date.now() - Date.parse(mine.createdTime), 'ms ago').toBeLessThan(61_000)
    else expect(mine.createdTime, 'a time, once told, stays').toBe(known)
    world.times.set(id, mine.createdTime)
  }
  await mustNotOverlap(world)
}

async function spansOf({ channelId, me }: World) {
  const rows = await server.ctx.db.query(
    { text: 'select from_id, through_id from read_span where channel_id = $1 and user_id = $2 order by 1' },
    [channelId, me.userId],
  )
  return rows as [number, number][]
}

async function mustNotOverlap(world: World): Promise<void> {
  const spans = await spansOf(world)
  for (const [from, through] of spans) expect(from).toBeLessThanOrEqual(through)
  for (const [at, [from]] of spans.entries()) expect(from).toBeGreaterThan(spans[at - 1]?.[1] ?? 0)
}

describe('read and unread messages and their times match a plain model', () => {
  it('after each of any sequence of commands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(commands, { minLength: 10, maxLength: 40 }), async (sequence) => {
        const world = await newWorld()
        for (const command of sequence) {
          await run(world, command)
          await mustAgree(world)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('after concurrent reads on several devices, and sends between them', async () => {
    const bursts = fc.array(
      fc.record({
        sends: fc.array(fc.boolean(), { maxLength: 6 }),
        reads: fc.array(reading, { maxLength: 12 }),
      }),
      { minLength: 2, maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(bursts, async (bursts) => {
        const world = await newWorld()
        for (const { sends, reads } of bursts) {
          for (const own of sends) await run(world, { do: 'send', own })
          await Promise.all(reads.map((command) => run(world, command)))
          await mustAgree(world)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('after concurrent reading and unreading of the same messages, without overlapping spans', async () => {
    const world = await newWorld()
    for (let n = 0; n < 10; n++) await run(world, { do: 'send', own: false })
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, at) => run(world, { do: at % 3 ? 'read' : 'unread', at: at * 7 })),
      )
      await mustNotOverlap(world)
    }
  })
})

describe('the number of spans is small', () => {
  it('a user who reads along has one, however long that lasts', async () => {
    const world = await newWorld()
    for (let n = 0; n < 12; n++) {
      await run(world, { do: 'send', own: n % 3 === 0 })
      await run(world, { do: 'read', at: n })
      await mustAgree(world)
      if (n % 4 === 0) await run(world, { do: 'let an hour pass' })
    }
    expect(await spansOf(world)).toHaveLength(1)
  })

  it('a user who returns and reads everything has one more', async () => {
    const world = await newWorld()
    for (let visit = 0; visit < 3; visit++) {
      for (let n = 0; n < 5; n++) await run(world, { do: 'send', own: false })
      await run(world, { do: 'let an hour pass' })
      await run(world, { do: 'read channel' })
    }
    expect(await spansOf(world)).toHaveLength(3)
  })

  it('old visits share one span per 64, which keeps their times apart', async () => {
    const world = await newWorld()
    for (let visit = 0; visit < 70; visit++) {
      await run(world, { do: 'send', own: false })
      await run(world, { do: 'let an hour pass' })
      await run(world, { do: 'read channel' })
      const id = world.messages.at(-1)?.id ?? 0
      world.times.set(id, (await receiptOf(world, id))?.createdTime ?? '')
      if (visit % 20 === 0) await run(world, { do: 'compact' })
    }
    await mustAgree(world)
    await run(world, { do: 'let an hour pass' })
    await run(world, { do: 'compact' })
    expect(new Set(world.times.values()).size).toBe(70)
    expect(await spansOf(world)).toHaveLength(2)
    await mustAgree(world)
    for (let at = 1; at < 70; at += 9) await run(world, { do: 'unread', at })
    await mustAgree(world)
  })

  it('reading from new to old gives as few as from old to new', async () => {
    const world = await newWorld()
    for (let n = 0; n < 8; n++) await run(world, { do: 'send', own: false })
    for (let n = 7; n >= 0; n--) await run(world, { do: 'read', at: n })
    expect(await spansOf(world)).toHaveLength(1)
  })
})
