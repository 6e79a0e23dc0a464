// The event log, read while it is written.
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '#data/database.ts'
import { deleteOldEvents, eventsForEach, lastPosition, takeEvents } from '#data/events/outbox.ts'
import { openDatabase } from '#data/open-database.ts'
import { cloneDatabase } from '../support/server.ts'

let database: { url: string; drop(): Promise<void> }
let db: Database
let writer: pg.Client
beforeAll(async () => {
  database = await cloneDatabase()
  db = openDatabase(database.url, () => {})
  writer = new pg.Client({ connectionString: database.url })
  await writer.connect()
  await writer.query(`insert into application (id, key, name) values (1, gen_random_uuid(), 'Test')`)
})
afterAll(async () => {
  await writer.end()
  await db.close()
  await database.drop()
})

/** Appends an event. @returns its position */
async function log(): Promise<number> {
  const { rows } = await writer.query(
    `insert into event_log (application_id, type, payload) values (1, 'user.updated', '{}') returning position`,
  )
  return Number(rows[0].position)
}

it('the last position is that of a readable event, so no reader skips one that has yet to commit', async () => {
  expect(await lastPosition(db)).toBe(0)
  const first = await log()
  await writer.query('begin')
  const second = await log()
  expect(await lastPosition(db)).toBe(first)
  await writer.query('commit')
  expect(await lastPosition(db)).toBe(second)
})

it('the last position stays when all events are old enough to be removed', async () => {
  const last = await log()
  await writer.query(`update event_log set created_time = now() - interval '1 day'`)
  await deleteOldEvents(db)
  expect(await lastPosition(db)).toBe(last)
  const { rows } = await writer.query('select count(*)::int from event_log')
  expect(rows).toEqual([{ count: 1 }])
})

it('readers who missed events at the same time each get their own, in order, or an error where some were removed', async () => {
  const { rows } = await writer.query(`
    insert into event_log (application_id, type, channel_id, payload) values
      (1, 'channel.message.created', 7, '{"messageId": 1}'), (1, 'channel.message.created', 8, '{"messageId": 2}'),
      (1, 'message.hidden', 9, '{"by": 20}'), (1, 'channel.message.created', 7, '{"messageId": 3}'),
      (1, 'channel.member.left', 8, '{"userId": 30}')
    returning position`)
  const positions = rows.map(({ position }) => Number(position))
  const [first = 0] = positions
  const last = positions.at(-1) ?? 0
  const of = (
    userId: number,
    channelIds: number[],
    rest: { after?: number; through?: number; max?: number } = {},
  ) => ({
    applicationId: 1,
    userId,
    channelIds,
    after: first - 1,
    through: last,
    max: 10,
    ...rest,
  })
  const found = await eventsForEach(db, [
    of(10, [7]),
    of(20, []),
    of(30, []), // a member of 8 until the last event
    of(10, [7, 8], { after: first, through: last - 1, max: 1 }),
    { ...of(10, [7]), applicationId: 2 },
    of(10, [7], { after: first - 3 }),
  ])
  const places = found.map((events) => events?.map(({ position }) => position - first))
  expect(places).toEqual([[0, 3], [2], [1, 4], [1], [], undefined])
  expect(await eventsForEach(db, [of(10, [7], { after: last })])).toEqual([[]])
})

it('events are on disk before they are delivered, so that a crash of Postgres takes back none that was delivered', async () => {
  await writer.query(`
    create table noted (setting text);
    create function note() returns trigger language plpgsql as $$
      begin insert into noted values (current_setting('synchronous_commit')); return null; end $$;
    create constraint trigger noting after delete on outbox_event deferrable initially deferred
      for each row execute function note()`)
  const emit = () =>
    writer.query(`insert into outbox_event (application_id, type, payload) values (1, 'user.updated', '{}')`)
  await writer.query(
    `insert into lease (name, node, term, expires) values ('events', 1, 1, 'infinity')
     on conflict (name) do update set node = 1, term = 1, expires = 'infinity'`,
  )
  const commitOfTake = async () => {
    await emit()
    expect(await takeEvents(db, { node: 1, term: 1 })).toMatchObject({ taken: 1 })
    const { rows } = await writer.query('delete from noted returning setting')
    return rows
  }
  expect(await commitOfTake(), 'where nobody listens').toEqual([{ setting: 'off' }])
  await writer.query(`
    with u as (
      insert into "user" (application_id, name, display_name) values (1, 'ada', 'Ada') returning id
    )
    insert into user_session (application_id, user_id, key) select 1, id, gen_random_uuid() from u`)
  expect(await commitOfTake(), 'where somebody does').toEqual([{ setting: 'on' }])
})
