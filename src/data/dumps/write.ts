// Writes the rows of a dump into the database.
import { bool, column, int8, select, text } from '#data/columns.ts'
import { reading, type Tx } from '#data/database.ts'
import { type Space, sequenceOf } from '#data/worlds/spaces.ts'

/** Blocks writes to applications until the transaction ends. @returns whether there are no applications or keys */
export async function lockApplications(tx: Tx): Promise<boolean> {
  await tx.run({ text: 'lock table application in exclusive mode' }, [])
  return tx.single(emptyStatement, [])
}

const emptyStatement = reading(
  'is-database-empty',
  column(bool, 'not exists (select from application) and not exists (select from encryption_key)'),
  (columns) => `select ${columns}`,
)

/**
 * @param columns the columns that the rows have; others get their defaults
 * @param rows the rows of one table, each as JSON in UTF-8
 */
export async function insertRows(tx: Tx, table: string, columns: string[], rows: Buffer[]): Promise<void> {
  const list = (alias = '') => columns.map((name) => `${alias}"${name}"`).join(', ')
  await tx.run(
    {
      text: `insert into "${table}" (${list()})
             select ${list('r.')} from json_populate_recordset(null::"${table}", $1::json) r`,
    },
    [arrayOf(rows)],
  )
}

function arrayOf(rows: Buffer[]): Buffer {
  const [open, comma, close] = ['[', ',', ']'].map((each) => Buffer.from(each)) as [Buffer, Buffer, Buffer]
  return Buffer.concat([open, ...rows.flatMap((row, at) => (at === 0 ? [row] : [comma, row])), close])
}

/** Advances sequences past the given values, so that no restored number is assigned again. */
export async function advanceSequences(tx: Tx, sequences: Record<string, number>): Promise<void> {
  const given = Object.entries(sequences).filter(([, value]) => value > 0)
  await tx.run(passStatement, [given.map(([name]) => name), given.map(([, value]) => value)])
}

const passStatement = {
  name: 'pass-sequences',
  text: `
    select setval(quote_ident(s.name)::regclass, greatest(s.value, coalesce(pg_sequence_last_value(quote_ident(s.name)::regclass), 0)))
    from unnest($1::text[], $2::bigint[]) s (name, value)`,
}

/** Reserves a range of consecutive numbers in each space. @returns the first number of each range */
export async function drawRanges(tx: Tx, wanted: Map<Space, number>): Promise<Map<Space, number>> {
  const spaces = [...wanted]
  // While a sequence is being altered, nobody else can draw from it.
  for (const name of new Set(spaces.map(([space]) => sequenceOf(space)))) {
    await tx.run({ text: `alter sequence "${name}" increment by 1` }, [])
  }
  const drawn = await tx.all(rangesStatement, [
    spaces.map(([space]) => space),
    spaces.map(([space]) => sequenceOf(space)),
    spaces.map(([, count]) => count),
  ])
  return new Map(drawn.map(({ space, first }) => [space as Space, first]))
}

const last = 'coalesce(pg_sequence_last_value(quote_ident(w.sequence)::regclass), 0)'
const rangesStatement = reading(
  'draw-ranges',
  select({ space: column(text, 'space'), first: column(int8, 'first') }),
  (columns) => `
    with w as materialized (
      select w.space, w.sequence, w.count, ${last} as before
      from unnest($1::text[], $2::text[], $3::bigint[]) w (space, sequence, count)
    ), passed as materialized (
      select setval(quote_ident(sequence)::regclass, before + count) from w where count > 0
    )
    select ${columns} from (select space, before + 1 as first from w, (select count(*) from passed) p) drawn`,
)
