// The operator's own settings of database sessions, in DATABASE_URL.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { column, text } from '#data/columns.ts'
import type { Statement } from '#data/database.ts'
import { openDatabase } from '#data/open-database.ts'
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
