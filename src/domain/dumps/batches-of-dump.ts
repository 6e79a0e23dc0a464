import { bodyOfLine, kindOfLine, linesOfDump } from '#domain/dumps/lines-of-dump.ts'

/** Rows of one table, as JSON in UTF-8. */
export interface RowsOfTable {
  table: string
  rows: Buffer[]
}

/** What a statement takes at once; more is no quicker, and held for longer. */
const bytesMax = 60_000

/** The rows of a dump in their order, by table, as many at once as one statement takes. */
export async function* batchesOfDump(path: string): AsyncGenerator<RowsOfTable> {
  let batch: RowsOfTable = { table: '', rows: [] }
  let bytes = 0
  for await (const line of linesOfDump(path)) {
    const table = kindOfLine(line)
    if (table === '' || table === 'bytes' || table === 'end') continue
    if (batch.rows.length > 0 && (table !== batch.table || bytes > bytesMax)) {
      yield batch
      batch = { table, rows: [] }
      bytes = 0
    }
    batch.table = table
    batch.rows.push(bodyOfLine(line, table))
    bytes += line.length
  }
  if (batch.rows.length > 0) yield batch
}
