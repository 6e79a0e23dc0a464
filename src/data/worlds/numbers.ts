// Ids for rows that come from elsewhere.
import { bool, column, int8, select, text } from '#data/columns.ts'
import { reading, type Tx } from '#data/database.ts'
import type { Given, RowsByTable } from '#data/worlds/renumber.ts'
import { type Space, sequenceOf, spaces } from '#data/worlds/spaces.ts'
import { keptTables } from '#data/worlds/tables.ts'

/** Draws a new id for each old one, in the same order. */
export async function drawNumbers(tx: Tx, old: Map<Space, number[]>): Promise<Given> {
  const wanted = [...old].filter(([, numbers]) => numbers.length > 0)
  const drawn = await tx.all(drawStatement, [
    wanted.map(([space]) => sequenceOf(space)),
    wanted.map(([, numbers]) => numbers.length),
  ])
  const bySequence = Map.groupBy(drawn, ({ sequence }) => sequence)
  return new Map(
    wanted.map(([space, numbers]) => {
      const given = bySequence.get(sequenceOf(space)) ?? []
      return [space, { old: numbers, given: given.map(({ number }) => number).sort((a, b) => a - b) }]
    }),
  )
}

const drawStatement = reading(
  'draw-numbers',
  select({ sequence: column(text, 'w.sequence'), number: column(int8, 'n.number') }),
  (columns) => `
    select ${columns} from unnest($1::text[], $2::bigint[]) w (sequence, count)
    cross join lateral (
      select nextval(quote_ident(w.sequence)::regclass) as number from generate_series(1, w.count)
    ) n`,
)

/** Ids may be at most this far ahead of those drawn so far. The next drawn ids follow them. */
const aheadMax = 1_000_000

/**
 * Reserves the ids and keys that rows already have. Returns false if any is taken or too far ahead. Ids drawn later
 * follow the reserved ones.
 */
export async function takeNumbers(
  tx: Tx,
  rows: RowsByTable,
  numbers: Map<Space, number[]>,
): Promise<boolean> {
  const cells = (name: string, column: string) => (rows.get(name) ?? []).map((row) => row[column])
  const isTaken = await tx.single(takenStatement, [
    ...numbered.map(({ name }) => cells(name, 'id')),
    ...unique.map(({ name, column }) => cells(name, column)),
  ])
  if (isTaken) return false
  const last = [...numbers].flatMap(([space, given]) => {
    const highest = given.at(-1)
    return highest === undefined ? [] : [{ sequence: sequenceOf(space), highest }]
  })
  const values = [last.map(({ sequence }) => sequence), last.map(({ highest }) => highest)]
  if ((await tx.run(farStatement, [...values, aheadMax])) > 0) return false
  await tx.run(passStatement, values)
  return true
}

const numbered = keptTables.filter(({ columns }) => columns.includes('id'))
const unique = keptTables.flatMap(({ name, unique = [] }) => unique.map((column) => ({ name, column })))
const takenStatement = reading(
  'numbers-taken',
  column(
    bool,
    [
      ...numbered.map(({ name }) => ({ name, column: 'id', type: 'bigint' })),
      ...unique.map((each) => ({ ...each, type: 'uuid' })),
    ]
      .map(
        ({ name, column, type }, at) =>
          `exists (select from "${name}" t where t."${column}" = any($${at + 1}::${type}[]))`,
      )
      .join(' or '),
  ),
  (columns) => `select ${columns}`,
)
const lastOf = `coalesce(pg_sequence_last_value(quote_ident(w.sequence)::regclass), 0)`
const farStatement = {
  name: 'numbers-far-ahead',
  text: `
    select from unnest($1::text[], $2::bigint[]) w (sequence, highest) where w.highest > ${lastOf} + $3::int`,
}
// One nextval after the other, because others draw concurrently and no id may be drawn twice.
const passStatement = {
  name: 'pass-numbers',
  text: `
    select count(nextval(quote_ident(w.sequence)::regclass)) from unnest($1::text[], $2::bigint[]) w (sequence, highest)
    cross join lateral generate_series(${lastOf} + 1, w.highest)`,
}

/** Restarts sequences after the highest existing id, or at 1 if there is none; blocks writes meanwhile. */
export async function restartNumbers(tx: Tx): Promise<void> {
  await tx.run(
    { text: `lock table ${restarted.map(({ table }) => `"${table}"`).join(', ')} in share mode` },
    [],
  )
  await tx.run({ text: straysText }, [])
  const nexts = [...Map.groupBy(restarted, ({ sequence }) => sequence)].map(([sequence, tables]) => {
    const highest = tables.map(({ table }) => `(select max(id) from "${table}")`).join(', ')
    return `setval('${sequence}', coalesce(greatest(${highest}), 0) + 1, false)`
  })
  await tx.run({ text: `select ${nexts.join(', ')}` }, [])
}

/** Deletes tasks of messages that were deleted before they were published. */
const straysText = `
  delete from notification_task t where not exists (select from message m where m.id = t.message_id)`

const restarted = [
  { table: 'application', sequence: 'application_id_seq' },
  { table: 'snapshot', sequence: 'snapshot_id_seq' },
  { table: 'thread', sequence: 'message_id' },
  ...spaces.map((space) => ({ table: space, sequence: sequenceOf(space) })),
]
