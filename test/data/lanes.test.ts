// Quick statements that are pipelined on one connection are independent of each other.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { column, int4, int8, text } from '#data/columns.ts'
import { type Database, readsByKey } from '#data/database.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
let db: Database
beforeAll(async () => {
  server = await shareServer()
  db = server.ctx.db
})
afterAll(() => server.close())

const reading = (name: string, text: string) => readsByKey({ name, text, columns: column(int4, 'answer') })
const divide = reading('divide', 'select 840 / $1::int as answer')
const backend = { ...reading('backend', 'select pg_backend_pid() as answer') }
const slow = {
  text: 'select 1 as answer, pg_sleep(0.3)',
  line: 'reads' as const,
  columns: column(int8, 'answer'),
}

it('each of many concurrent statements gets its own answer, and one that fails fails alone', async () => {
  const numbers = Array.from({ length: 200 }, (_, at) => at % 8)
  const answers = await Promise.allSettled(numbers.map((number) => db.single(divide, [number])))
  for (const [at, answer] of answers.entries()) {
    if (numbers[at] === 0) expect(answer).toMatchObject({ status: 'rejected', reason: { code: '22012' } })
    else expect(answer).toEqual({ status: 'fulfilled', value: Math.trunc(840 / (numbers[at] as number)) })
  }
})

it('pipelined statements return the same rows as those on any connection, whatever is in them', async () => {
  const everything = {
    name: 'everything',
    text: `
      select i, -i * (9007199254740991 / 1500), i::int2, i % 3 = 0, i::float8 / 7, i::numeric / 7,
        case i % 4 when 0 then 'TEXT' when 1 then 'text' when 2 then 'ÄÖÜ' else '' end,
        case when i % 5 > 0 then repeat('añ𝒳"', i % 40) end,
        jsonb_build_object('né', i, 'in', array[null, i::text]),
        timestamptz '2026-11-21 00:42:46+00' + i * interval '1.001 seconds',
        array[i, null], md5(i::text)::uuid, decode(md5(i::text), 'hex'), null::text
      from generate_series(-1500, 1500) i where i >= $1`,
  }
  for (const from of [-1500, 0, 1400, 1501]) {
    const elsewhere = await db.query(everything, [from])
    expect(elsewhere).toHaveLength(1501 - from)
    const inLine = await Promise.all([1, 2, 3, 4].map(() => db.query(readsByKey(everything), [from])))
    for (const rows of inLine) expect(rows).toEqual(elsewhere)
  }
})

it('queries whose bytes look like another query are not confused with it', async () => {
  const words = readsByKey({
    name: 'words',
    text: 'select word from unnest($1::text[]) word',
    columns: column(text, 'word'),
  })
  const mixed = ['Ã©', 'é', 'Ã©', 'ab', 'é', '\u00c3', 'Ã', '', 'Â¢', '¢']
  expect(await db.all(words, [mixed])).toEqual(mixed)
})

it('a statement that writes returns the number of rows', async () => {
  await db.run({ text: 'create table written_in_line (id int)' }, [])
  const write = readsByKey({
    name: 'write',
    text: 'insert into written_in_line select generate_series(1, $1::int)',
  })
  expect([await db.run(write, [3]), await db.run(write, [0]), await db.run(write, [2])]).toEqual([3, 0, 2])
})

it('a statement whose first use fails to parse is retried', async () => {
  const late = reading('late', 'select answer from made_later')
  await expect(db.single(late, [])).rejects.toMatchObject({ code: '42P01' })
  await db.run({ text: 'create table made_later as select 7 as answer' }, [])
  expect(await db.single(late, [])).toBe(7)
})

it('uses an index, however few rows there were when its plan was made', async () => {
  const wanted = { text: 'show enable_seqscan', columns: column(text, 'enable_seqscan') }
  expect(await db.single(readsByKey(wanted), [])).toBe('off')
  expect(await db.single(wanted, [])).toBe('on')
})

it('plans are not JIT-compiled, which takes longer than any statement', async () => {
  const wanted = { text: 'show jit', columns: column(text, 'jit') }
  expect(await db.single(readsByKey(wanted), [])).toBe('off')
  expect(await db.single(wanted, [])).toBe('off')
})

it('statements that would wait behind a slow one run on another connection', async () => {
  const held = [db.single(slow, []), db.single(slow, [])] // one on each pipelined connection
  let answered = 0
  const waiting = new Promise<number>((resolve) => {
    const ask = () => {
      if (answered === 0) setTimeout(ask, 5)
      void db.single(divide, [2]).then(() => resolve(++answered))
    }
    setTimeout(ask, 50)
  })
  const first = await Promise.race([waiting.then(() => 'quick'), Promise.all(held).then(() => 'slow')])
  expect(first).toBe('quick')
  await Promise.all(held)
})

it('pending statements of a connection that breaks fail, and later ones are answered', async () => {
  const pids = new Set(await Promise.all([1, 2, 3, 4].map(() => db.single(backend, []))))
  const cut = [...pids].map((pid) => db.run({ text: 'select pg_terminate_backend($1)' }, [pid]))
  const inLine = await Promise.allSettled([1, 2, 3, 4].map((number) => db.single(divide, [number])))
  await Promise.all(cut)
  expect(inLine).toHaveLength(4)
  await expect.poll(() => db.single(divide, [4]).catch(() => 'broken')).toBe(210)
  expect(pids).not.toContain(await db.single(backend, []))
})
