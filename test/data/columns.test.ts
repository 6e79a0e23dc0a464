// Descriptions of columns match the tables, and convert rows correctly.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settingsShape } from '#data/applications/applications.ts'
import { inviteShape } from '#data/channels/invites.ts'
import {
  column,
  columnsOf,
  int8,
  joined,
  mapped,
  nullable,
  type Shape,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { reading } from '#data/database.ts'
import { notificationShape } from '#data/events/notifications.ts'
import { fileShape } from '#data/files.ts'
import { functionShape } from '#data/functions/functions.ts'
import { invocationShape } from '#data/functions/invocations.ts'
import { runtimeShape } from '#data/functions/runtimes.ts'
import { jobShape } from '#data/jobs/jobs.ts'
import { reportShape } from '#data/messages/reports.ts'
import { threadShape } from '#data/messages/threads.ts'
import { channelShape, messageShape, userShape } from '#data/rows.ts'
import { loggedShape } from '#data/sql/take-events.ts'
import { runShape } from '#data/sql/take-function-runs.ts'
import { resumableShape } from '#data/users/connections.ts'
import { chatSessionShape, sessionShape } from '#data/users/sessions.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const described: [string, Shape][] = [
  ['user', userShape],
  ['channel', channelShape],
  ['message', messageShape],
  ['thread', threadShape],
  ['message_report', reportShape],
  ['notification', notificationShape],
  ['channel_invite', inviteShape],
  ['user_session', sessionShape],
  ['user_session', resumableShape],
  ['chat_session', chatSessionShape],
  ['application', settingsShape],
  ['event_log', loggedShape],
  ['file', fileShape],
  ['job', jobShape],
  ['runtime', runtimeShape],
  ['function', functionShape],
  ['function_run', runShape],
  ['function_invocation', invocationShape],
]

const actualColumns = reading(
  'actual-columns',
  select({ name: column(text, 'attname'), type: column(text, 'type'), isNullable: column(text, 'nullable') }),
  (columns) => `
    select ${columns} from (
      select a.attname::text, case when t.typtype = 'e' then 'text' when t.typname = 'int2' then 'int4'
        else t.typname::text end as type, (not a.attnotnull)::text as nullable
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
    ) c`,
)

it.each(described)('the description of the table %s matches the table', async (table, shape) => {
  const actual = await server.ctx.db.all(actualColumns, [`"${table}"`])
  const byName = new Map(actual.map((each) => [each.name, each]))
  for (const [key, type] of Object.entries(shape)) {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    expect({ ...byName.get(name) }).toEqual({ name, type: type.name, isNullable: String(type.isNullable) })
  }
})

describe('a description of columns', () => {
  const person = select(columnsOf({ id: int8, displayName: nullable(text) }, 'p'))
  const row = [7, 'Jane', '2026-11-25T00:00:00.000Z', null, null]

  it('gives the text and the reader of the same columns, in the same order', () => {
    const all = select({ author: person, at: column(timestamptz, 'now()'), editor: joined(person) })
    expect(all.text).toBe('p.id, p.display_name, now(), p.id, p.display_name')
    expect(all.width).toBe(5)
    expect(all.read(row, 0)).toEqual({
      author: { id: 7, displayName: 'Jane' },
      at: '2026-11-25T00:00:00.000Z',
      editor: undefined,
    })
  })

  it('reads from any offset of the row', () => {
    expect(select({ who: person }).read([1, 2, ...row], 2)).toEqual({ who: { id: 7, displayName: 'Jane' } })
  })

  it('reads one mapped column as its mapped value, beside others', () => {
    const doubled = mapped(column(int8, 'id'), (id) => id * 2)
    expect(select({ doubled, id: column(int8, 'id') }).read([7, 7], 0)).toEqual({ doubled: 14, id: 7 })
  })
})
