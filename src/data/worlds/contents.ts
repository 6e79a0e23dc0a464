// The rows of a world, all at once: locked, read, cleared away and written, each in one statement for all tables. No
// order among the tables is needed: what keys demand is looked at when a statement ends.
import { bool, bytea, column, int8, jsonb, nullable, select, text } from '#data/columns.ts'
import { type Querier, type Reading, reading, type Statement, type Tx } from '#data/database.ts'
import { ofApplicationOnce } from '#data/worlds/rows-of.ts'
import { clearedTables, type KeptTable, keptTables } from '#data/worlds/tables.ts'
import { ApplicationCells } from '#resources/worlds/snapshot.ts'

const quoted = (name: string) => `"${name}"`
const listOf = (names: string[], alias?: string) =>
  names.map((name) => (alias ? `${alias}.${quoted(name)}` : quoted(name))).join(', ')

// ----------------------------------------------------------------------------------------------- locking

/**
 * Waits until nobody writes to the application, and keeps it so until the transaction ends: every row hangs on one of
 * these, which whoever writes it must share. Jobs come first: they remove rows under their own lock alone, and write
 * others, which wait for this. Last it waits for the dispatcher to be done with its events.
 * @param tx on a connection for rewriting
 * @returns whether keys are looked at; undefined where the application is gone
 */
export async function holdWorld(tx: Tx, id: number): Promise<{ isChecked: boolean } | undefined> {
  const [, held] = await Promise.all([
    tx.run(lockJobsStatement, [id]),
    tx.one(lockApplicationStatement, [id]),
    tx.run(lockRowsStatement, [id]),
    tx.run(lockEventsStatement, [id]),
  ])
  return held
}

const lockJobsStatement = {
  name: 'lock-jobs-of-world',
  text: 'select from job where application_id = $1 order by id for update',
}
const lockApplicationStatement = reading(
  'lock-application',
  select({ isChecked: column(bool, `current_setting('session_replication_role') <> 'replica'`) }),
  (columns) => `select ${columns} from application where id = $1 for update`,
)
const lockRowsStatement = {
  name: 'lock-rows-of-world',
  text: `
    with c as materialized (
        select id from channel t where ${ofApplicationOnce} order by id for update
      ),
      u as materialized (select id from "user" where application_id = $1 order by id for update),
      f as materialized (select id from "function" where application_id = $1 order by id for update)
    select (select count(*) from c), (select count(*) from u), (select count(*) from f)`,
}
const lockEventsStatement = {
  name: 'lock-events-of-world',
  text: 'select from outbox_event where application_id = $1 for update',
}

// ----------------------------------------------------------------------------------------------- reading

const applicationColumns = Object.keys(ApplicationCells.shape).join(', ')

/** Rows as lines of JSON, `["user",{…}]`, each table's behind each other. */
export interface TableLines {
  table: string
  count: number
  lines: string | null
}

export async function readApplicationRow(db: Querier, id: number): Promise<ApplicationCells | undefined> {
  return db.one(applicationStatement, [id])
}

const applicationStatement = reading(
  'read-application-row',
  column(jsonb<ApplicationCells>(), 'to_jsonb(r)'),
  (columns) => `select ${columns} from (select ${applicationColumns} from application where id = $1) r`,
)

/** Whether something that happened in a world is yet to be published, or somebody to be notified of it. */
export async function isUnpublished(db: Querier, id: number): Promise<boolean> {
  return (await db.run(unpublishedStatement, [id])) > 0
}

const unpublishedStatement = {
  name: 'is-world-unpublished',
  text: `
    select where exists (select from outbox_event where application_id = $1) or exists (
      select from notification_task t join message m on m.id = t.message_id where m.application_id = $1)`,
}

/** Everything that is in a world, as of one moment; the order of lines is that of the keys. */
export function readContents(db: Querier, id: number): Promise<TableLines[]> {
  return db.all(readStatement, [id])
}

const readStatement: Reading<TableLines> = reading(
  'read-world',
  select({
    table: column(text, 'name'),
    count: column(int8, 'count'),
    lines: column(nullable(text), 'lines'),
  }),
  (columns) =>
    `select ${columns} from (${keptTables.map(readingOf).join('\nunion all ')}) tables order by place`,
)

function readingOf({ name, columns, of, when, source, taken = {}, key }: KeptTable, place: number): string {
  const list = columns.map((each) => `${taken[each] ?? `t.${quoted(each)}`} as ${quoted(each)}`).join(', ')
  const from = source ? `${source} t` : `${quoted(name)} t where ${of}${when ? ` and ${when}` : ''}`
  return `
    select ${place} as place, '${name}' as name, count(*),
           string_agg('["${name}",' || row_to_json(r)::text || ']', E'\\n' order by ${listOf(key, 'r')}) as lines
    from (select ${list} from ${from}) r`
}

// ---------------------------------------------------------------------------------------------- clearing

/** What is left of a world once it is cleared. */
export interface Cleared {
  /** How many rows stayed, by table. */
  kept: Record<string, number>
  /** Of the files whose rows went. */
  fileKeys: string[]
  /** Of the runtime whose row went, if one did: sealed. */
  environment: Uint8Array<ArrayBuffer> | null
}

/** @param written those transactions whose rows may stay, as long as nothing has changed them since; none where absent */
export function clearContents(tx: Tx, id: number, written: string[] = []): Promise<Cleared> {
  return tx.single(clearStatement, [id, written])
}

const returned: Record<string, string> = { file: 't.key', runtime: 't.environment' }
const isUntouched = 't.xmin = any($2::text[]::xid[])'
const clearStatement: Reading<Cleared> = reading(
  'clear-world',
  select({
    kept: column(jsonb<Record<string, number>>(), 'kept'),
    fileKeys: column(jsonb<string[]>(), 'file_keys'),
    environment: column(nullable(bytea), 'environment'),
  }),
  (columns) => `
    with ${clearedTables.map(clearingOf).join(', ')}
    select ${columns} from (select
      jsonb_build_object(${keptTables
        .map(
          ({ name, of }) =>
            `'${name}', case when $2::text[] = '{}' then 0
               else (select count(*) from ${quoted(name)} t where ${of} and ${isUntouched}) end`,
        )
        .join(', ')}) as kept,
      coalesce((select jsonb_agg(key) from gone_file), '[]') as file_keys,
      (select environment from gone_runtime limit 1)) cleared`,
)

function clearingOf({ name, of, isWorkedOn }: (typeof clearedTables)[number]): string {
  const rows = isWorkedOn
    ? `t.ctid = any(array(select t.ctid from ${quoted(name)} t where ${of} for update of t skip locked))`
    : `${of} and not ${isUntouched}`
  return `gone_${name} as (delete from ${quoted(name)} t where ${rows} returning ${returned[name] ?? '1'})`
}

// ----------------------------------------------------------------------------------------------- writing

/** Writes those rows that are not there; by table, each as JSON. */
export async function writeContents(tx: Tx, rows: Map<string, string[]>): Promise<void> {
  const tables = keptTables.map((table) => writtenColumns(table, rows.get(table.name)))
  const isOfNow = tables.every((table, at) => table === keptTables[at])
  await tx.run(
    isOfNow ? writeStatement : { text: writing(tables) },
    keptTables.map(({ name }) => `[${rows.get(name)?.join(',') ?? ''}]`),
  )
}

/** The table with those of its columns that rows have: of an older server they lack some, which are as they are at first. */
function writtenColumns(table: KeptTable, [first]: string[] = []): KeptTable {
  if (first === undefined) return table
  const cells = JSON.parse(first)
  const columns = table.columns.filter((name) => name in cells)
  return columns.length === table.columns.length ? table : { ...table, columns }
}

const writeStatement: Statement = { name: 'write-world', text: writing(keptTables) }

function writing(tables: KeptTable[]): string {
  return `with ${tables.map(writingOf).join(', ')} select`
}

function writingOf({ name, columns, key, isLingering }: KeptTable, at: number): string {
  const isThere = key.map((each) => `t.${quoted(each)} = r.${quoted(each)}`).join(' and ')
  const others = columns.filter((each) => !key.includes(each))
  const rows = `
    insert into ${quoted(name)} (${listOf(columns)})
    select ${listOf(columns, 'r')} from json_populate_recordset(null::${quoted(name)}, $${at + 1}::json) r`
  return isLingering
    ? `written_${name} as (${rows} on conflict (${listOf(key)}) do update
         set ${others.map((each) => `${quoted(each)} = excluded.${quoted(each)}`).join(', ')})`
    : `written_${name} as (${rows} where not exists (select from ${quoted(name)} t where ${isThere}))`
}

/** @returns the transaction that it is, as rows that it writes remember it */
export async function writeApplicationRow(tx: Tx, id: number, row: ApplicationCells): Promise<string> {
  return tx.single(writeApplicationStatement, [id, JSON.stringify(row)])
}

const writeApplicationStatement = reading(
  'write-application-row',
  column(text, 'pg_current_xact_id()::xid::text'),
  (columns) => `
    update application set (${applicationColumns}) = (
      select ${applicationColumns} from jsonb_populate_record(null::application, $2::jsonb))
    where id = $1 returning ${columns}`,
)
