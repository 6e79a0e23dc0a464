import { afterAll, beforeAll, expect, it } from 'vitest'
import { countBlocks } from '#data/messages/message-blocks.ts'
import { type BlocksPlace, countMessageBlocks } from '#domain/retention/count-message-blocks.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let user: { id: number }
beforeAll(async () => {
  server = await shareServer()
  user = await createUser(server.main)
})
afterAll(() => server.close())

const many = 10_000

/** A channel with many messages, which are counted; nobody has read them. */
async function largeChannel(): Promise<{ id: number }> {
  const channel = await createChannel(server.main, { members: [{ id: user.id }] })
  await send(channel.id, many)
  const counter = `insert into counter (scope, scope_id, value) values ('channel.messages', $1, $2)
    on conflict (scope, scope_id) do update set value = excluded.value`
  await server.ctx.db.query({ text: counter }, [channel.id, many])
  return channel
}

async function send(channelId: number, count: number): Promise<void> {
  await server.ctx.db.query(
    {
      text: `insert into message (application_id, channel_id, type, body)
        select $1, $2, 'SYSTEM_TEXT', 'x' from generate_series(1, $3::int)`,
    },
    [server.main.id, channelId, count],
  )
}

/** Until nothing that was under way is. */
async function sweep(channelId: number, blocks: number): Promise<void> {
  let place: BlocksPlace | undefined
  await expect
    .poll(async () => {
      place = await countMessageBlocks(server.ctx, place)
      return (await blocksOf(channelId)).length
    })
    .toBe(blocks)
}

async function blocksOf(channelId: number, table = 'message_block'): Promise<number[]> {
  const rows = await server.ctx.db.query(
    { text: `select count from ${table} where channel_id = $1 order by from_id` },
    [channelId],
  )
  return rows.map(([count]) => count as number)
}

async function unread(): Promise<number> {
  return (await server.main.get(`/users/${user.id}/messages/unread/count`).expect(200)).body.count
}

it('many messages are counted in blocks, once, and without those that are deleted, in whatever way', async () => {
  const { db } = server.ctx
  const channel = await largeChannel()
  await sweep(channel.id, 2)
  expect(await blocksOf(channel.id)).toEqual([4096, 4096])
  expect(await unread()).toBe(many)
  const [first = [], ...others] = await db.query(
    { text: 'select id from message where channel_id = $1 order by id limit 5000' },
    [channel.id],
  )
  await server.main.delete(`/messages/${first[0]}`).expect(200)
  await db.query({ text: 'delete from message where id = any($1::bigint[])' }, [
    others.slice(3_000).map(([id]) => id),
  ])
  expect(await unread()).toBe(many - 2_000)
  expect(await blocksOf(channel.id)).toEqual([3000, 3192])
  await send(channel.id, 10)
  expect(await unread()).toBe(many - 1_990)
  await db.query({ text: 'delete from message where channel_id = $1' }, [channel.id])
  expect(await unread()).toBe(0)
  expect((await blocksOf(channel.id)).every((count) => count === 0)).toBe(true)
})

it('no message is counted while one with a lower id may be uncommitted', async () => {
  const channel = await largeChannel()
  const writer = await server.ctx.db.pool.connect()
  try {
    await writer.query('begin')
    await writer.query({ text: 'select next_message_id()' })
    let place: BlocksPlace | undefined
    for (let round = 0; round < 4; round++) place = await countMessageBlocks(server.ctx, place)
    expect(await blocksOf(channel.id)).toEqual([])
  } finally {
    await writer.query('rollback')
    writer.release()
  }
  await sweep(channel.id, 2)
})

it('nothing is counted while messages are being deleted', async () => {
  const channel = await largeChannel()
  const deleter = await server.ctx.db.pool.connect()
  const before = await unread()
  try {
    const [[newest = 0] = []] = (await server.ctx.db.query(
      { text: 'select max(id) from message where channel_id = $1' },
      [channel.id],
    )) as [number][]
    const oldest = 'select id from message where channel_id = $1 order by id limit 100'
    let place = await countMessageBlocks(server.ctx)
    await expect
      .poll(async () => {
        place = await countMessageBlocks(server.ctx, { ...place, channelId: Number.MAX_SAFE_INTEGER })
        return place.finalId
      })
      .toBeGreaterThanOrEqual(newest)
    await deleter.query('begin')
    await deleter.query(`delete from message where id in (${oldest})`, [channel.id])
    place = await countMessageBlocks(server.ctx, { ...place, channelId: 0 })
    expect(await blocksOf(channel.id)).toEqual([])
    await deleter.query('commit')
    expect(await unread()).toBe(before - 100)
    await sweep(channel.id, 2)
    expect(await unread()).toBe(before - 100)
  } finally {
    deleter.release()
  }
})

it('blocks are counted in large blocks, and both lose messages that are deleted', async () => {
  const { db } = server.ctx
  const before = await unread()
  const channel = await createChannel(server.main, { members: [{ id: user.id }] })
  await send(channel.id, 100)
  await countBlocks(db, channel.id, Number.MAX_SAFE_INTEGER, { messages: 4, blocks: 3 })
  expect(await blocksOf(channel.id)).toEqual(Array(25).fill(4))
  expect(await blocksOf(channel.id, 'large_message_block')).toEqual(Array(8).fill(12))
  const middle = 'select id from message where channel_id = $1 order by id offset 10 limit 10'
  await db.query({ text: `delete from message where id in (${middle})` }, [channel.id])
  expect(await blocksOf(channel.id)).toEqual([4, 4, 2, 0, 0, ...Array(20).fill(4)])
  expect(await blocksOf(channel.id, 'large_message_block')).toEqual([10, 4, ...Array(6).fill(12)])
  expect(await unread()).toBe(before + 90)
})

it('deletions of messages of one large block do not lock each other out', async () => {
  const { db } = server.ctx
  const channel = await createChannel(server.main, { members: [{ id: user.id }] })
  await send(channel.id, 240)
  await countBlocks(db, channel.id, Number.MAX_SAFE_INTEGER, { messages: 4, blocks: 30 })
  const rows = await db.query({ text: 'select id from message where channel_id = $1 order by id' }, [
    channel.id,
  ])
  const groups = Array.from({ length: 20 }, (_, nth) =>
    rows.map(([id]) => id).filter((_, at) => at % 20 === nth),
  )
  await Promise.all(
    groups.map((ids, nth) =>
      db.query({ text: 'delete from message where id = any($1::bigint[])' }, [nth % 2 ? ids : ids.reverse()]),
    ),
  )
  expect(await blocksOf(channel.id, 'large_message_block')).toEqual([0, 0])
})
