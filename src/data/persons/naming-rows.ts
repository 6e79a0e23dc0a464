// Rows in which texts of an application may name a person who did not write them: found page by page, and rewritten.
import { column, jsonb, select } from '#data/columns.ts'
import { type Querier, type Reading, reading } from '#data/database.ts'
import { nextAfter, pageColumns } from '#data/keyset.ts'
import { keptTables } from '#data/worlds/tables.ts'

interface Naming {
  /** SQL: whether the row `t` belongs to the application $1. */
  of: string
  /** The numeric column by which rows are paged. */
  key: string
  /** The text columns, and the JSON columns. */
  text: string[]
  json: string[]
}

const ofWorld = (table: string) => keptTables.find(({ name }) => name === table)?.of ?? 'false'
const ofApplication = 't.application_id = $1'
const inTable = (table: string, text: string[], json: string[], key = 'id'): [string, Naming] => [
  table,
  { of: ofWorld(table), key, text, json },
]
const ofItsApplication = (table: string, text: string[], json: string[], key = 'id'): [string, Naming] => [
  table,
  { of: ofApplication, key, text, json },
]

/** Columns that users write to, or that repeat what they wrote; not those that only the customer's own code writes. */
const naming = new Map<string, Naming>([
  ['application', { of: 't.id = $1', key: 'id', text: ['name'], json: ['properties', 'ui'] }],
  inTable('user', ['presence_status'], ['properties']),
  inTable('user_ban', ['reason'], [], 'user_id'),
  inTable('channel', ['name', 'display_name'], ['properties']),
  inTable('thread', ['name'], ['properties']),
  inTable('message', ['body', 'group_tag'], ['file', 'mentions', 'links', 'properties']),
  inTable('message_report', ['reason'], ['properties']),
  inTable('resolved_report', ['reason', 'resolved_by'], ['properties']),
  inTable('notification', ['title', 'body'], []),
  inTable('user_session', ['user_agent'], []),
  inTable('file', ['name'], []),
  inTable('job', [], ['errors']),
  inTable('function', ['description'], []),
  inTable('function_invocation', [], ['args', 'result', 'logs']),
  inTable('webhook', ['description'], []),
  [
    'webhook_delivery',
    {
      of: 't.webhook_id = any(array(select w.id from webhook w where w.application_id = $1))',
      key: 'id',
      text: [],
      json: ['payload', 'attempts'],
    },
  ],
  ofItsApplication('function_run', [], ['payload']),
  ofItsApplication('event_log', [], ['payload'], 'position'),
  ofItsApplication('outbox_event', [], ['payload']),
  ofItsApplication('audit_entry', ['actor_name', 'target_id'], ['details']),
])
export const namingTables = [...naming.keys()]

/** Tables whose rows repeat the content of other rows when events are published. */
export const repeatingTables = [
  'notification',
  'function_run',
  'function_invocation',
  'webhook_delivery',
  'event_log',
  'outbox_event',
]

export interface NamingRow {
  id: number
  texts: Record<string, string | null>
  jsons: Record<string, unknown>
}

const pageMax = 2_000
/** A page stops at this many matches. Its size is otherwise limited by rows, so that large texts fit as well. */
const foundMax = 500

/**
 * Finds rows after an id with a text that matches a LIKE pattern ($2), or JSON that matches or has a user with the id.
 */
export async function findNamingRows(
  db: Querier,
  table: string,
  { applicationId, patterns, userId, after }: NamingInput,
): Promise<{ rows: NamingRow[]; next: number | undefined }> {
  const values = [applicationId, patterns, userId, after, pageMax, foundMax]
  const page = await db.single(statementOf(table), values)
  const { rows } = page
  return { rows, next: rows.length === foundMax ? rows.at(-1)?.id : nextAfter(page, pageMax) }
}

export interface NamingInput {
  applicationId: number
  /** LIKE patterns, including the texts as JSON escapes them. */
  patterns: string[]
  userId: number
  after: number
}

const statements = new Map<string, Reading<{ last: number | undefined; size: number; rows: NamingRow[] }>>()

function statementOf(table: string) {
  const known = statements.get(table)
  if (known) return known
  const { of, key, text, json } = naming.get(table) as Naming
  const pairs = (columns: string[]) =>
    `json_build_object(${columns.flatMap((each) => [`'${each}'`, `p."${each}"`]).join(', ')})`
  const isLike = [
    ...text.map((each) => `p."${each}" ilike any($2::text[])`),
    ...json.map((each) => `p."${each}"::text ilike any($2::text[])`),
    ...json.map(
      (each) =>
        `p."${each}"::text like '%"id": ' || $3::bigint || ',%' or p."${each}"::text like '%"id": ' || $3::bigint || '}%'`,
    ),
  ]
  const made = reading(
    `find-naming-${table}`,
    select({
      ...pageColumns,
      rows: column(
        jsonb<NamingRow[]>(),
        `(select coalesce(json_agg(json_build_object('id', p.id, 'texts', ${pairs(text)}, 'jsons', ${pairs(json)}) order by p.id), '[]')
          from (select * from page p where ${isLike.join(' or ')} order by p.id limit $6::int) p)`,
      ),
    }),
    (columns) => `
      with page as materialized (
        select t."${key}" as id, ${[...text, ...json].map((each) => `t."${each}"`).join(', ')} from "${table}" t
        where ${of} and t."${key}" > $4 and $3::bigint is not null order by t."${key}" limit $5::int
      )
      select ${columns}`,
  )
  statements.set(table, made)
  return made
}

/** Writes the texts of a row back, unless it has been deleted meanwhile. @returns whether it still exists */
export async function rewriteRow(db: Querier, table: string, row: NamingRow): Promise<boolean> {
  const { key, text, json } = naming.get(table) as Naming
  const set = [
    ...text.map((each, at) => `"${each}" = $${at + 2}`),
    ...json.map((each, at) => `"${each}" = $${text.length + at + 2}::jsonb`),
  ]
  const values = [
    row.id,
    ...text.map((each) => row.texts[each] ?? null),
    ...json.map((each) => {
      const value = row.jsons[each]
      return value === null || value === undefined ? null : JSON.stringify(value)
    }),
  ]
  return (await db.run({ text: `update "${table}" set ${set.join(', ')} where "${key}" = $1` }, values)) > 0
}

/** Allows the transaction to update audit entries, which is otherwise forbidden. */
export async function openAudit(tx: Querier): Promise<void> {
  await tx.run({ text: `select set_config('chatterie.erasing', 'on', true)` }, [])
}
