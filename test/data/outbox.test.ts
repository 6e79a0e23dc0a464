import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { counterValue } from '#data/counters.ts'
import { type Database, openDatabase } from '#data/database.ts'
import { dispatchBatchMax, type OutboxEvent, takeEvents } from '#data/outbox.ts'
import { cloneDatabase } from '../support/server.ts'

let database: { url: string; drop(): Promise<void> }
let db: Database
let other: Database
beforeAll(async () => {
  database = await cloneDatabase()
  db = openDatabase(database.url, () => {})
  other = openDatabase(database.url, () => {})
})
beforeEach(async () => {
  await db.query({ text: 'truncate outbox_event, counter' }, [])
})
afterAll(async () => {
  await db.close()
  await other.close()
  await database.drop()
})

/** Events of three channels, in the order of their ids. */
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

async function takeAll(from: Database): Promise<OutboxEvent[]> {
  const taken: OutboxEvent[] = []
  for (let batch = await takeEvents(from); batch.length > 0; batch = await takeEvents(from))
    taken.push(...batch)
  return taken
}

async function counterOf(scope: Parameters<typeof counterValue>[0], owner: number): Promise<unknown> {
  const [row] = await db.query({ text: `select ${counterValue(scope, String(owner))}` }, [])
  return row?.[0]
}

describe('the outbox', () => {
  it('gives events oldest first, in batches', async () => {
    const ids = await emit(dispatchBatchMax + 10)
    const first = await takeEvents(db)
    const second = await takeEvents(db)
    expect(first).toHaveLength(dispatchBatchMax)
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids)
    expect(first[0]).toEqual({
      id: ids[0],
      applicationId: 1,
      type: 'channel.message.created',
      channelId: 2,
      payload: { messageId: 1 },
    })
    expect(await takeEvents(db)).toEqual([])
  })

  it('gives each event once, however many processes take at the same time', async () => {
    const ids = await emit(4 * dispatchBatchMax)
    const taken = (await Promise.all([db, other, db, other].map(takeAll))).flat()
    expect(taken.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids)
    for (const channel of [1, 2, 3]) {
      const own = taken.filter(({ channelId }) => channelId === channel)
      expect(await counterOf('channel.messages', channel)).toBe(own.length)
    }
    expect(await counterOf('application.messages', 1)).toBe(ids.length)
  })

  it('keeps counters right before, between and after the batches', async () => {
    await emit(dispatchBatchMax + 100)
    for (const left of [100, 0, 0]) {
      expect(await counterOf('application.messages', 1)).toBe(dispatchBatchMax + 100)
      await takeEvents(db)
      const [row] = await db.query({ text: 'select count(*) from outbox_event' }, [])
      expect(row?.[0]).toBe(left)
    }
    expect(await counterOf('application.messages', 1)).toBe(dispatchBatchMax + 100)
    expect(await counterOf('application.messages', 2)).toBe(0)
  })

  it('keeps what a process that died had taken', async () => {
    const ids = await emit(5)
    const client = await other.pool.connect()
    await client.query('begin')
    await client.query('delete from outbox_event')
    expect(await takeEvents(db), 'they are held by the other').toEqual([])
    client.release(true)
    await expect.poll(async () => (await takeEvents(db)).map(({ id }) => id)).toEqual(ids)
  })

  it('has what a transaction emits once it commits, and nothing of one that fails', async () => {
    const event = { type: 'user.created', applicationId: 1, count: 1, payload: { userId: 7 } } as const
    let told = 0
    db.onEvents(() => told++)
    await db.transact(async (tx) => {
      await tx.emit(event)
      expect(await takeEvents(other)).toEqual([])
      expect(told).toBe(0)
    })
    expect(told).toBe(1)
    await expect(
      db.transact(async (tx) => {
        await tx.emit(event)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await db.transact(async () => {})
    expect(told).toBe(1)
    expect(await takeEvents(db)).toMatchObject([{ type: 'user.created', payload: { userId: 7 } }])
    expect(await counterOf('application.users', 1)).toBe(1)
  })
})
