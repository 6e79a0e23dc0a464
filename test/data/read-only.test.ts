// A managed Postgres may be read-only for a while: a standby during a fail-over, or a database whose disk is full.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database, Tx } from '#data/database.ts'
import { openDatabase } from '#data/open-database.ts'
import { query } from '../support/query.ts'
import { cloneDatabase } from '../support/server.ts'

let database: Awaited<ReturnType<typeof cloneDatabase>>
let db: Database
beforeAll(async () => {
  database = await cloneDatabase()
  await query(
    database.url,
    'create table tally (id int primary key, value int); insert into tally values (1, 0)',
  )
  db = openDatabase(database.url, () => undefined)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const add = { name: 'add', text: 'update tally set value = value + 1 where id = $1' }
const inTransaction = (tx: Tx) => tx.run(add, [1])

const ways: Record<string, () => Promise<unknown>> = {
  'a statement': () => db.run(add, [1]),
  'a pipelined statement': () => db.run({ ...add, line: 'sends' }, [1]),
  'a transaction': () => db.transact(inTransaction),
  'a transaction that rewrites': () => db.rewrite(inTransaction),
  'a transaction of Prisma': () =>
    db.prisma.$transaction((tx) => tx.$executeRawUnsafe('update tally set value = value + 1')),
}

/** Applies to new connections only, so it is set on one to another database. */
function setReadOnly(value: 'on' | 'off') {
  const { pathname } = new URL(database.url)
  const elsewhere = Object.assign(new URL(database.url), { pathname: '/postgres' })
  return query(
    elsewhere.href,
    `alter database ${pathname.slice(1)} set default_transaction_read_only = ${value}`,
  )
}

it.each(Object.entries(ways))('%s succeeds once the database can be written again', async (_, write) => {
  await setReadOnly('on')
  // Otherwise those that are open from before would write.
  await query(
    database.url,
    `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await expect.poll(() => write().catch((error) => String(error))).toContain('read-only')
  await setReadOnly('off')
  await write()
})
