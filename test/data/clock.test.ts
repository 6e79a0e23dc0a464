// The SQL function for the current time does not slow statements down, and moves for all clients of the database.
// [decision 16]
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readClock, writeClock } from '#data/clock.ts'
import type { Database } from '#data/database.ts'
import { openQueue } from '#data/jobs/queue.ts'
import { trimStatements } from '#data/jobs/retention.ts'
import { openDatabase } from '#data/open-database.ts'
import { takeRunsStatement } from '#data/sql/take-function-runs.ts'
import { cloneDatabase } from '../support/server.ts'

let db: Database
let drop: () => Promise<void>
beforeAll(async () => {
  const clone = await cloneDatabase()
  drop = clone.drop
  db = openDatabase(clone.url, () => {})
  await openQueue(db).ready()
})
afterAll(async () => {
  await db.close()
  await drop()
})

const real = { offsetMs: 0 }
const dayMs = 86_400_000

function plan(text: string): Promise<string> {
  return db.transact(async (tx) => {
    await tx.query({ text: 'set local enable_seqscan = off' }, []) // the tables are empty
    const rows = await tx.query({ text: `explain (verbose, generic_plan) ${text}` }, [])
    return rows.map(([line]) => line).join('\n')
  })
}

it.each([
  ['expired tokens', trimStatements.tokens.text, /Index Cond: .*expires_time < \(now\(\) - /],
  ['due runs', takeRunsStatement.text, /Index Cond: .*due_time <= now\(\)/],
])('Postgres uses an index for %s as it would with now()', async (_, text, condition) => {
  const found = await plan(text)
  expect(found).toMatch(condition)
  expect(found).not.toContain('chatterie_clock')
  expect(found).toBe(await plan(text.replaceAll('chatterie_clock()', 'now()')))
})

it('columns are dated by it, and prepared statements follow when it is moved', async () => {
  const insert = {
    name: 'dated',
    text: `insert into job (application_id, type) values ($1, 'USER_IMPORT') returning created_time, chatterie_clock()`,
  }
  const [[id] = []] = await db.query(
    { text: `insert into application (key, name) values (gen_random_uuid(), 'x') returning id` },
    [],
  )
  await db.transact(async (tx) => {
    for (let time = 0; time < 8; time++) await tx.query(insert, [id])
  })
  const frozenAt = Date.UTC(2031, 1, 2)
  await db.transact((tx) => writeClock(tx, { offsetMs: 0, frozenAt }, 0))
  const [row] = await db.query(insert, [id])
  expect(row).toEqual(['2031-02-02T00:00:00.000Z', '2031-02-02T00:00:00.000Z'])
  await db.transact((tx) => writeClock(tx, real, 0))
})

it.each([
  ['ahead', { offsetMs: 3_600 * dayMs + 1 }],
  ['behind', { offsetMs: -7 * dayMs }],
  ['frozen', { offsetMs: 0, frozenAt: Date.UTC(2031, 1, 2, 3, 4, 5, 678) }],
  ['real', real],
])('a clock that is %s is read back', async (_, state) => {
  await db.transact((tx) => writeClock(tx, state, 0))
  expect(await readClock(db)).toEqual({ ...state, offsetMs: expect.any(Number) })
  if (!('frozenAt' in state)) expect((await readClock(db)).offsetMs).toBe(state.offsetMs)
})
