import { linesOfDump } from '#domain/dumps/lines-of-dump.ts'

/** Rows of one table, as JSON texts. */
export interface RowsOfTable {
  table: string
  rows: string[]
}

/** Longer texts outlive the young generation: with a million a restore of a million messages took 236 MB, with this 158. */
const charactersMax = 60_000

/** The rows of a dump in their order, by table, as many at once as one statement takes. */
export async function* batchesOfDump(path: string): AsyncGenerator<RowsOfTable> {
  let batch: RowsOfTable = { table: '', rows: [] }
  let characters = 0
  for await (const line of linesOfDump(path)) {
    const [start, table] = /^\["([a-z_]+)",/.exec(line) ?? []
    if (start === undefined || table === undefined || table === 'bytes' || table === 'end') continue
    if (batch.rows.length > 0 && (table !== batch.table || characters > charactersMax)) {
      yield batch
      batch = { table, rows: [] }
      characters = 0
    }
    batch.table = table
    batch.rows.push(line.slice(start.length, -1))
    characters += line.length
  }
  if (batch.rows.length > 0) yield batch
}
