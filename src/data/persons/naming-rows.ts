// Rows in which texts of an application may name a person who did not write them: found page by page, and rewritten.
import { column, jsonb, select } from '#data/columns.ts'
import { type Querier, type Reading, reading } from '#data/database.ts'
import { foundColumn, foundPart, hasRoom, nextAfterFound, pageColumns } from '#data/keyset.ts'
import { type Texts, texts } from '#data/persons/texts.ts'
import { keptTables } from '#data/worlds/tables.ts'

interface Naming {
  /** SQL: whether the row `t` belongs to the application $1. */
  of: string
  /** The numeric column by which rows are paged. */
  key: string
}

const ofApplication = 't.application_id = $1'
const exceptions: Record<string, Partial<Naming>> = {
  application: { of: 't.id = $1' },
  user_ban: { key: 'user_id' },
  webhook_delivery: {
    of: 't.webhook_id = any(array(select w.id from webhook w where w.application_id = $1))',
  },
  function_run: { of: ofApplication },
  event_log: { of: ofApplication, key: 'position' },
  outbox_event: { of: ofApplication },
  audit_entry: { of: ofApplication },
}

function namingOf(table: string): Naming {
  const of = keptTables.find(({ name }) => name === table)?.of ?? 'false'
  return { of, key: 'id', ...exceptions[table] }
}

export const namingTables = Object.keys(texts)

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
  columns: Record<string, unknown>
}

const pageMax = 2_000
/** A page stops at this many matches. */
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
  return { rows, next: rows.length === foundMax ? rows.at(-1)?.id : nextAfterFound(page, pageMax) }
}

export interface NamingInput {
  applicationId: number
  /** LIKE patterns, including the texts as JSON escapes them. */
  patterns: string[]
  userId: number
  after: number
}

interface NamingPage {
  last: number | undefined
  size: number
  found: number
  rows: NamingRow[]
}

const statements = new Map<string, Reading<NamingPage>>()

function statementOf(table: string) {
  const known = statements.get(table)
  if (known) return known
  const { of, key } = namingOf(table)
  const columns = Object.entries(texts[table] ?? {})
  const names = columns.map(([each]) => each)
  const pairs = names.flatMap((each) => [`'${each}'`, `p."${each}"`]).join(', ')
  const isLike = [
    ...names.map((each) => `p."${each}"::text ilike any($2::text[])`),
    ...columns
      .filter(([, kind]) => isJson(kind))
      .map(
        ([each]) =>
          `p."${each}"::text like '%"id": ' || $3::bigint || ',%' or p."${each}"::text like '%"id": ' || $3::bigint || '}%'`,
      ),
  ]
  const made = reading(
    `find-naming-${table}`,
    select({
      ...pageColumns,
      found: foundColumn,
      rows: column(
        jsonb<NamingRow[]>(),
        `(select coalesce(json_agg(json_build_object('id', p.id, 'columns', json_build_object(${pairs})) order by p.id), '[]')
          from found p where ${hasRoom})`,
      ),
    }),
    (columns) => `
      with page as materialized (
        select t."${key}" as id, ${names.map((each) => `t."${each}"`).join(', ')} from "${table}" t
        where ${of} and t."${key}" > $4 and $3::bigint is not null order by t."${key}" limit $5::int
      ), ${foundPart(names, `select * from page p where ${isLike.join(' or ')} order by p.id limit $6::int`)}
      select ${columns}`,
  )
  statements.set(table, made)
  return made
}

/** Writes the texts of a row back, unless it has been deleted meanwhile. @returns whether it still exists */
export async function rewriteRow(db: Querier, table: string, row: NamingRow): Promise<boolean> {
  const columns = Object.entries(texts[table] ?? {}).map(([name, kind]) => ({ name, isJson: isJson(kind) }))
  const set = columns.map(({ name, isJson }, at) => `"${name}" = $${at + 2}${isJson ? '::jsonb' : ''}`)
  const values = columns.map(({ name, isJson }) => {
    const value = row.columns[name] ?? null
    return isJson && value !== null ? JSON.stringify(value) : value
  })
  const text = `update "${table}" set ${set.join(', ')} where "${namingOf(table).key}" = $1`
  return (await db.run({ text }, [row.id, ...values])) > 0
}

const isJson = (kind: Texts) => typeof kind === 'object' || kind === 'own'

/** Allows the transaction to update audit entries, which is otherwise forbidden. */
export async function openAudit(tx: Querier): Promise<void> {
  await tx.run({ text: `select set_config('chatterie.erasing', 'on', true)` }, [])
}
