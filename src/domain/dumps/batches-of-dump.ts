import { bodyOfLine, kindOfLine, linesOfDump } from '#domain/dumps/lines-of-dump.ts'

/** Rows of one table, as JSON in UTF-8. */
export interface RowsOfTable {
  table: string
  rows: Buffer[]
}

/** How much one statement inserts; more is not faster and uses memory for longer. */
const bytesMax = 60_000

/** Yields the rows of a dump in order, in batches of one table that fit one statement. */
export async function* batchesOfDump(path: string, signal?: AbortSignal): AsyncGenerator<RowsOfTable> {
  let batch: RowsOfTable = { table: '', rows: [] }
  let bytes = 0
  for await (const line of linesOfDump(path, signal)) {
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
