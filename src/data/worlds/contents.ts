// Locks, reads, clears and writes all rows of a world, each in one statement for all tables. The order of the tables
// does not matter, because foreign keys are checked at the end of a statement.
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
 * Blocks writes to the application until the transaction ends: every row refers to one of the locked rows, and writing
 * it shares their lock. Jobs are locked first, because they delete rows under their own lock alone and write others,
 * which wait for this. Finally, waits for the dispatcher to finish with the application's events.
 * @param tx on a connection for rewriting
 * @returns whether foreign keys are checked; undefined if the application no longer exists
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

/** Rows of one table as lines of JSON, `["user",{…}]`. */
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

/** Returns whether a world has events that are yet to be published, or notifications yet to be written. */
export async function isUnpublished(db: Querier, id: number): Promise<boolean> {
  return (await db.run(unpublishedStatement, [id])) > 0
}

const unpublishedStatement = {
  name: 'is-world-unpublished',
  text: `
    select where exists (select from outbox_event where application_id = $1) or exists (
      select from notification_task t join message m on m.id = t.message_id where m.application_id = $1)`,
}

/** Returns everything in a world as of one moment; lines are ordered by primary key. */
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

/** The result of clearing a world. */
export interface Cleared {
  /** How many rows were kept, by table. */
  kept: Record<string, number>
  /** The keys of the files whose rows were deleted. */
  fileKeys: string[]
  /** The encrypted environment of the deleted runtime, if there was one. */
  environment: Uint8Array<ArrayBuffer> | null
}

/** @param written transactions whose rows are kept if nothing has changed them since; none by default */
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

/** Inserts the rows, given as JSON by table, that do not exist yet. */
export async function writeContents(tx: Tx, rows: Map<string, string[]>): Promise<void> {
  const tables = keptTables.map((table) => writtenColumns(table, rows.get(table.name)))
  const isOfNow = tables.every((table, at) => table === keptTables[at])
  await tx.run(
    isOfNow ? writeStatement : { text: writing(tables) },
    keptTables.map(({ name }) => `[${rows.get(name)?.join(',') ?? ''}]`),
  )
}

/** Returns the table with the columns that the rows have. Those of older servers lack some, which get defaults. */
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

/** @returns the id of the transaction, as in `xmin` of the rows that it writes */
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
