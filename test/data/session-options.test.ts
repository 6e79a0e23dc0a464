// What an operator puts in DATABASE_URL: the name of the database, and settings of its sessions.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { column, text } from '#data/columns.ts'
import type { Statement } from '#data/database.ts'
import { Node } from '#data/events/node.ts'
import { openDatabase } from '#data/open-database.ts'
import { migrate } from '#postgres/migrate.ts'
import { openSchemaEngine } from '#postgres/schema-engine.ts'
import { query } from '../support/query.ts'
import { cloneDatabase } from '../support/server.ts'

let database: Awaited<ReturnType<typeof cloneDatabase>>
beforeAll(async () => {
  database = await cloneDatabase()
})
afterAll(() => database.drop())

it.each([
  ['as text', (url: string) => url],
  ['known later', (url: string) => () => url],
])('options in the URL apply beside our own on every kind of connection: a URL %s', async (_, given) => {
  const url = new URL(database.url)
  url.searchParams.set('options', '-c lock_timeout=4321 -c jit=on -c TimeZone=Asia/Tokyo')
  url.searchParams.set('application_name', 'of the operator')
  const db = openDatabase(given(url.href), () => {})
  const show = (line?: Statement['line']) =>
    db.single(
      {
        text: `select concat_ws(' ', current_setting('lock_timeout'), current_setting('jit'),
          current_setting('TimeZone'), current_setting('enable_seqscan'), current_setting('application_name')) as shown`,
        ...(line && { line }),
        columns: column(text, 'shown'),
      },
      [],
    )
  try {
    expect(await show()).toBe('4321ms off UTC on of the operator')
    for (const line of ['reads', 'sends', 'events'] as const)
      expect(await show(line)).toBe('4321ms off UTC off of the operator')
  } finally {
    await db.close()
  }
})

it('the name of the database may have any characters, which the URL encodes', async () => {
  const original = new URL(database.url).pathname.slice(1)
  const name = `${original}/a?b#c+d@e%f é`
  const url = Object.assign(new URL(database.url), { pathname: encodeURIComponent(name) })
  url.search = '?options=-c search_path=public' // with a space, as people write it
  const db = openDatabase(url.href.replaceAll('%20-c', ' -c'), () => {})
  const node = new Node(url.href, { warn() {}, info() {} })
  const elsewhere = Object.assign(new URL(database.url), { pathname: 'postgres' }).href
  await query(elsewhere, `create database "${name}" template ${original}`)
  try {
    const log = { debug() {}, info() {}, warn: console.warn }
    expect(await migrate(url.href, log)).toEqual({ applied: [], unknown: [] })
    const engine = await openSchemaEngine(url.href)
    expect((await engine.connection.query('select current_database()')).rows).toEqual([
      { current_database: name },
    ])
    await engine.close()
    await node.start()
    expect(node.installation).toContain(name)
    const current = { text: 'select current_database()' }
    expect(await db.query(current, [])).toEqual([[name]])
    expect(await db.query({ ...current, line: 'reads' }, [])).toEqual([[name]])
  } finally {
    await Promise.all([node.close(), db.close()])
    await query(elsewhere, `drop database "${name}" with (force)`)
  }
})
