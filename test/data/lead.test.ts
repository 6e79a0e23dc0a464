// Only one process at a time takes events. One that has lost the lead takes none, even if it does not know this yet.
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '#data/database.ts'
import { type Lead, Node } from '#data/events/node.ts'
import { lastPosition, takeEvents } from '#data/events/outbox.ts'
import { openDatabase } from '#data/open-database.ts'
import { patienceMs } from '../support/patience.ts'
import { cloneDatabase } from '../support/server.ts'

const log = { info() {}, warn: vi.fn() }

let database: { url: string; drop(): Promise<void> }
let db: Database
const nodes: Node[] = []
beforeAll(async () => {
  database = await cloneDatabase()
  db = openDatabase(database.url, () => {})
})
beforeEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()))
  await sql('truncate outbox_event, event_log, application cascade')
  await sql(`insert into application (id, key, name) values (1, gen_random_uuid(), 'Test')`)
  await sql(`
    with u as (
      insert into "user" (application_id, name, display_name) values (1, 'ada', 'Ada') returning id
    )
    insert into user_session (application_id, user_id, key) select 1, id, gen_random_uuid() from u`)
})
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()))
  await db.close()
  await database.drop()
})

const sql = (text: string, values: unknown[] = []) => db.query({ text }, values)

async function startNode(): Promise<Node> {
  const node = new Node(database.url, log)
  nodes.push(node)
  await node.start()
  return node
}

const emit = (count: number) =>
  sql(
    `insert into outbox_event (application_id, type, payload)
     select 1, 'user.created', jsonb_build_object('userId', n) from generate_series(1, $1::int) n`,
    [count],
  )
const expire = () => sql(`update lease set expires = now() - interval '1 second'`)
const mustLead = ({ lead }: Node): Lead => {
  if (!lead) throw new Error('It does not lead')
  return lead
}

it('one process leads at a time, and the next one leads at once when that one stops', async () => {
  const [first, second] = [await startNode(), await startNode()]
  expect([first.isLeader, second.isLeader]).toEqual([true, false])
  const { term } = mustLead(first)
  await first.resign()
  expect(await second.tryToLead()).toBe(true)
  expect(mustLead(second)).toEqual({ node: second.id, term: term + 1 })
  expect(await first.tryToLead(), 'who has resigned does not come back').toBe(false)
})

it('a process that asks for the lead twice at the same time knows its term', async () => {
  const [first, second] = [await startNode(), await startNode()]
  await emit(3)
  await first.resign()
  await Promise.all([second.tryToLead(), second.tryToLead()])
  expect((await takeEvents(db, mustLead(second)))?.taken).toBe(3)
})

it('the lead of a process that died is free at once', async () => {
  const first = await startNode()
  const second = await startNode()
  // As if the first process had died: its connection is closed, and it does not connect again.
  await sql(`update lease set node = 0, expires = now() + interval '1 hour' where node = $1`, [first.id])
  expect(await second.tryToLead()).toBe(true)
})

it('a process that lost the lead takes nothing, gives nothing a position, and learns that it lost it', async () => {
  const first = await startNode()
  const old = mustLead(first)
  const second = await startNode()
  await emit(3)
  await expire()
  expect(await second.tryToLead()).toBe(true)
  const before = await lastPosition(db)
  expect(await takeEvents(db, old)).toBeUndefined()
  expect(await takeEvents(db, old, { only: 1 })).toBeUndefined()
  expect(await lastPosition(db)).toBe(before)
  const taken = await takeEvents(db, mustLead(second))
  expect(taken?.events.map(({ payload }) => payload.userId)).toEqual([1, 2, 3])
  await expect.poll(() => first.isLeader).toBe(false)
})

describe('a process whose connection breaks', () => {
  const cut = () =>
    sql(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'chatterie node' and datname = current_database()`)
  const failed = () => log.warn.mock.calls.length
  beforeEach(() => {
    log.warn.mockClear()
  })

  it('comes back once the server it reaches can be written again', async () => {
    const node = await startNode()
    await sql(
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
    )
    await cut()
    await expect.poll(failed, { timeout: patienceMs }).toBeGreaterThan(0)
    await sql(
      `do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`,
    )
    await expect.poll(() => node.isLeader, { timeout: patienceMs }).toBe(true)
  })

  it('reports each attempt that fails because Postgres has not noticed the break', async () => {
    const node = await startNode()
    const broken = new pg.Client({ connectionString: database.url })
    await broken.connect()
    const held = broken.query('select pg_advisory_lock($1, $2)', [0x6e6f_6465, node.id])
    const waiting = `
      select from pg_locks l join pg_database d on d.oid = l.database
      where not l.granted and d.datname = current_database()`
    await expect.poll(() => sql(waiting), { timeout: patienceMs }).toHaveLength(1)
    await cut()
    await held
    await expect.poll(failed, { timeout: patienceMs }).toBeGreaterThan(1)
    await broken.end()
    await expect.poll(() => node.isLeader, { timeout: patienceMs }).toBe(true)
  })
})

describe('during a take, when the lease ends', () => {
  let second: Node
  let client: pg.Client
  beforeEach(async () => {
    // As if the process were suspended: it is alive, but does not renew its lease.
    const first = await startNode()
    const lead = mustLead(first)
    await first.resign()
    await emit(3)
    client = new pg.Client({ connectionString: database.url })
    client.on('error', () => {})
    await client.connect()
    await client.query('begin')
    await sql(`update lease set expires = clock_timestamp() + interval '2 seconds'`)
    const rows = await takeEvents({ ...db, query: queryOf(client) }, lead)
    expect(rows?.taken).toBe(3)
    second = await startNode()
  })
  afterEach(() => client.end().catch(() => {}))

  const hasExpired = async () => (await sql('select expires < now() from lease'))[0]?.[0]
  const left = async () => (await sql('select count(*)::int from outbox_event'))[0]?.[0]

  it('no process gets the lead while the statement of the take runs', async () => {
    const other = await db.pool.connect()
    await other.query('select pg_advisory_lock(1, 1)')
    const waiting = client.query('select pg_advisory_lock(1, 1)')
    await expect
      .poll(() =>
        sql(`select from pg_stat_activity where wait_event_type = 'Lock' and wait_event = 'advisory'`),
      )
      .toHaveLength(1)
    await expect.poll(hasExpired).toBe(true)
    expect(await second.tryToLead()).toBe(false)
    other.release(true)
    await waiting
    await client.query('commit')
    expect(await second.tryToLead()).toBe(true)
    expect(await left()).toBe(0)
  })

  it('a take whose process hangs is rolled back, and another process gets the lead', async () => {
    await expect.poll(hasExpired).toBe(true)
    expect(await second.tryToLead()).toBe(true)
    expect(await left()).toBe(3)
    expect((await takeEvents(db, mustLead(second)))?.taken).toBe(3)
  })
})

function queryOf(client: pg.Client): Database['query'] {
  return async (statement, values) => {
    const { rows } = await client.query({ ...statement, values, rowMode: 'array' })
    return rows.map((row: unknown[]) => row.map((cell) => (/^\d+$/.test(String(cell)) ? Number(cell) : cell)))
  }
}
