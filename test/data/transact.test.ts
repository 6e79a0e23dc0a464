// The guarantees of a transaction.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { column, int8, text } from '#data/columns.ts'
import type { Database } from '#data/database.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
let db: Database
beforeAll(async () => {
  server = await shareServer()
  db = server.ctx.db
  await db.run({ text: 'create table tally (id int primary key, value int)' }, [])
})
afterAll(() => server.close())
beforeEach(() =>
  db.run({ text: 'insert into tally values (1, 0), (2, 0) on conflict (id) do update set value = 0' }, []),
)

const add = { name: 'add', text: 'update tally set value = value + 1 where id = $1' }
const refused = { text: 'insert into tally values (1, 0)' }
const total = { text: 'select sum(value) from tally', columns: column(int8, 'sum') }
const limit = { text: 'show statement_timeout', columns: column(text, 'statement_timeout') }

it('commits as a whole, or not at all', async () => {
  expect(await db.transact((tx) => tx.run(add, [1]))).toBe(1)
  const failing = db.transact(async (tx) => {
    await tx.run(add, [1])
    await tx.copy('copy tally (id, value) from stdin', '3\t7\n')
    await tx.run(refused, [])
  })
  await expect(failing).rejects.toMatchObject({ code: '23505' })
  expect(await db.single(total, [])).toBe(1)
})

it('rewrite mode keeps the plans of its connection, because the replication role is not set again', async () => {
  const role = { text: 'show session_replication_role', columns: column(text, 'session_replication_role') }
  const plans = {
    text: `select generic_plans from pg_prepared_statements where name = 'add'`,
    columns: column(int8, 'generic_plans'),
  }
  const roles: string[] = []
  const planned: number[] = []
  for (let round = 0; round < 3; round++) {
    await db.rewrite(async (tx) => {
      roles.push(await tx.single(role, []))
      const [changed] = await Promise.all([tx.run(add, [1]), tx.run(add, [2])])
      expect(changed).toBe(1)
      planned.push(await tx.single(plans, []))
    })
  }
  expect(roles).toEqual(['replica', 'replica', 'replica'])
  expect(planned).toEqual([2, 4, 6])
  expect(await db.single(total, [])).toBe(6)
})

it('two transactions in a deadlock both complete', async () => {
  let locked = 0
  let both: () => void
  const meeting = new Promise<void>((resolve) => {
    both = resolve
  })
  const addTwice = (first: number, second: number) =>
    db.transact(async (tx) => {
      await tx.run(add, [first])
      if (++locked === 2) both()
      await meeting
      await tx.run(add, [second])
    })
  await Promise.all([addTwice(1, 2), addTwice(2, 1)])
  expect(locked).toBeGreaterThan(2) // one was retried, or both if both detected the deadlock at once
  expect(await db.single(total, [])).toBe(4)
})

it('a statement and a transaction in a deadlock both complete', async () => {
  const waiting = {
    text: `
      select count(*) from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`,
  }
  const lock = (id: number) => ({ text: `select pg_advisory_xact_lock(${id})` })
  const lockTwice = `do $$ begin
    perform set_config('deadlock_timeout', '5s', true); -- looks once, and not before the other one waits
    perform pg_advisory_xact_lock(2); perform pg_advisory_xact_lock(1); end $$`
  let statement: Promise<number> | undefined
  const transaction = db.transact(async (tx) => {
    await tx.run({ text: `set local deadlock_timeout = '1min'` }, []) // so that Postgres aborts the other one
    await tx.run(lock(1), [])
    statement = db.run({ text: lockTwice }, [])
    await expect.poll(async () => (await tx.query(waiting, []))[0]).toEqual([1])
    await tx.run(lock(2), [])
  })
  await transaction
  await statement
})

it('fails where one of its statements failed, even if the error was caught', async () => {
  const failing = db.transact(async (tx) => {
    await tx.run(add, [1])
    await tx.run(refused, []).catch(() => {})
  })
  await expect(failing).rejects.toThrow()
  expect(await db.single(total, [])).toBe(0)
})

it('statements that it leaves running write nothing once it is over', async () => {
  let late: Promise<number> | undefined
  const failing = db.transact(async (tx) => {
    late = new Promise((resolve) => setImmediate(resolve)).then(() => failing.catch(() => tx.run(add, [1])))
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  await expect(late).rejects.toThrow('The transaction is over')
  expect(await db.single(total, [])).toBe(0)
})

it('limits the time of its statements, and resets the limit for the next user of the connection', async () => {
  expect(await db.transact((tx) => tx.single(limit, []))).toBe('30s')
  await expect(db.transact(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await db.single(limit, [])).toBe('0')
})
