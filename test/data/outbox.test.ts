import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { dispatchBatchMax } from '#data/events/limits.ts'
import { type Lead, Node } from '#data/events/node.ts'
import {
  deleteOldEvents,
  eventsBetween,
  lastPosition,
  type TakenEvents,
  takeEvents,
} from '#data/events/outbox.ts'
import { openDatabase } from '#data/open-database.ts'
import type { CommittedEvent } from '#resources/events.ts'
import { cloneDatabase } from '../support/server.ts'

let database: { url: string; drop(): Promise<void> }
let db: Database
let other: Database
let node: Node
let lead: Lead
beforeAll(async () => {
  database = await cloneDatabase()
  node = new Node(database.url, { info() {}, warn() {} })
  await node.start()
  lead = node.lead as Lead
  db = openDatabase(database.url, () => {})
  other = openDatabase(database.url, () => {})
})
beforeEach(async () => {
  await db.query({ text: 'truncate outbox_event, event_log, counter, application cascade' }, [])
  await addApplication(1)
  await addListener(1)
})
afterAll(async () => {
  await db.close()
  await other.close()
  await node.close()
  await database.drop()
})

const sql = (text: string, values: unknown[] = []) => db.query({ text }, values)

async function addApplication(id: number): Promise<void> {
  await sql(`insert into application (id, key, name) values ($1, gen_random_uuid(), 'Test')`, [id])
}

/** Adds a user with a session. */
async function addListener(applicationId: number): Promise<void> {
  await sql(
    `with u as (
       insert into "user" (application_id, name, display_name) values ($1, 'ada', 'Ada') returning id
     )
     insert into user_session (application_id, user_id, key) select $1, id, gen_random_uuid() from u`,
    [applicationId],
  )
}

/** Inserts events of three channels. @returns their ids, in order */
async function emit(count: number): Promise<number[]> {
  const rows = await db.query(
    {
      text: `insert into outbox_event (application_id, type, channel_id, count, payload)
             select 1, 'channel.message.created', n % 3 + 1, 1, jsonb_build_object('messageId', n)
             from generate_series(1, $1::int) n returning id`,
    },
    [count],
  )
  return rows.map(([id]) => Number(id))
}

const takeBatch = (from: Database) => takeEvents(from, lead) as Promise<TakenEvents>
const take = async (from: Database) => (await takeBatch(from)).events
const messageIds = (events: CommittedEvent[]) => events.map(({ payload }) => payload.messageId)
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)

async function takeAll(from: Database): Promise<CommittedEvent[]> {
  const taken: CommittedEvent[] = []
  for (let batch = await take(from); batch.length > 0; batch = await take(from)) taken.push(...batch)
  return taken
}

async function counterOf(scope: Parameters<typeof counterValue>[0], owner: number): Promise<unknown> {
  const [row] = await db.query({ text: `select ${counterValue(scope, String(owner))}` }, [])
  return row?.[0]
}

describe('the outbox', () => {
  it('returns events oldest first, in batches, with positions in their order', async () => {
    await emit(dispatchBatchMax + 10)
    const before = await lastPosition(db)
    const first = await takeBatch(db)
    const second = await takeBatch(db)
    expect(first.taken).toBe(dispatchBatchMax)
    const all = [...first.events, ...second.events]
    expect(messageIds(all)).toEqual(upTo(dispatchBatchMax + 10))
    expect(all.map(({ position }) => position - before)).toEqual(upTo(dispatchBatchMax + 10))
    expect(first.ages).toHaveLength(dispatchBatchMax)
    expect(first.ages.every((ms) => ms >= 0 && ms < 60_000)).toBe(true)
    expect(first.events[0]).toEqual({
      position: before + 1,
      applicationId: 1,
      type: 'channel.message.created',
      channelId: 2,
      threadId: null,
      payload: { messageId: 1 },
    })
    expect(await takeBatch(db)).toEqual({ taken: 0, tasks: 0, asked: 0, sent: 0, events: [], ages: [] })
    expect(await lastPosition(db)).toBe(before + all.length)
  })

  it('is taken in batches even if Postgres believes that it is empty', async () => {
    await emit(10)
    await takeAll(db)
    await sql('vacuum (truncate false) outbox_event')
    await emit(2 * dispatchBatchMax)
    const fresh = openDatabase(database.url, () => {}) // plans the statement now
    try {
      const batches = [await takeBatch(fresh), await takeBatch(fresh)]
      expect(batches.map(({ taken }) => taken)).toEqual([dispatchBatchMax, dispatchBatchMax])
    } finally {
      await fresh.close()
    }
  })

  it('returns each event once, however many processes take at the same time', async () => {
    await emit(4 * dispatchBatchMax)
    const taken = (await Promise.all([db, other, db, other].map(takeAll))).flat()
    expect(messageIds(taken).toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(4 * dispatchBatchMax))
    for (const channel of [1, 2, 3]) {
      const own = taken.filter(({ channelId }) => channelId === channel)
      expect(await counterOf('channel.messages', channel)).toBe(own.length)
    }
    expect(await counterOf('application.messages', 1)).toBe(4 * dispatchBatchMax)
  })

  it('keeps taken events for sessions that resume, and removes them after a while', async () => {
    await emit(3)
    const events = await take(db)
    const [first, , last] = events.map(({ position }) => position)
    expect(await eventsBetween(db, 0, last ?? 0, 10)).toEqual(events)
    expect(await eventsBetween(db, first ?? 0, last ?? 0, 10)).toEqual(events.slice(1))
    await sql(`update event_log set created_time = now() - interval '1 day' where position < $1`, [last])
    expect(await deleteOldEvents(db)).toBe(2)
    expect(await eventsBetween(db, 0, last ?? 0, 10)).toEqual(events.slice(2))
  })

  it('counts, but returns nothing, where nobody was connected lately', async () => {
    await sql('truncate user_session cascade')
    await emit(3)
    expect(await takeBatch(db)).toEqual({ taken: 3, tasks: 0, asked: 0, sent: 0, events: [], ages: [] })
    expect(await counterOf('application.messages', 1)).toBe(3)
    expect(await sql('select position from event_log')).toEqual([])
  })

  it('keeps counters correct before, between and after the batches', async () => {
    await emit(dispatchBatchMax + 100)
    for (const left of [100, 0, 0]) {
      expect(await counterOf('application.messages', 1)).toBe(dispatchBatchMax + 100)
      await takeBatch(db)
      const [row] = await db.query({ text: 'select count(*) from outbox_event' }, [])
      expect(row?.[0]).toBe(left)
    }
    expect(await counterOf('application.messages', 1)).toBe(dispatchBatchMax + 100)
    expect(await counterOf('application.messages', 2)).toBe(0)
  })

  it('keeps what a process that died had taken', async () => {
    await emit(5)
    const client = await other.pool.connect()
    await client.query('begin')
    await client.query('delete from outbox_event')
    expect(await take(db), 'they are held by the other').toEqual([])
    client.release(true)
    await expect.poll(async () => messageIds(await take(db))).toEqual(upTo(5))
  })

  it('holds what a transaction emits once it commits, and nothing of one that fails', async () => {
    const event = { type: 'user.created', applicationId: 1, count: 1, payload: { userId: 7 } } as const
    let delivered = 0
    db.onEvents(() => delivered++)
    await db.transact(async (tx) => {
      await tx.emit(event)
      expect(await take(other)).toEqual([])
      expect(delivered).toBe(0)
    })
    expect(delivered).toBe(1)
    await expect(
      db.transact(async (tx) => {
        await tx.emit(event)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await db.transact(async () => {})
    expect(delivered).toBe(1)
    expect(await take(db)).toMatchObject([{ type: 'user.created', payload: { userId: 7 } }])
    expect(await counterOf('application.users', 1)).toBe(1)
  })
})
