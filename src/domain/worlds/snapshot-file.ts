// A snapshot as a file: lines of JSON. The first says what it is, of which version, and how many lines of each table
// follow, `["user",{…}]`; the last ones are the bytes of its files, `["bytes","<key>","<base64>"]`.
import { createHash } from 'node:crypto'
import type { TableLines } from '#data/worlds/contents.ts'
import { ApplicationCells } from '#resources/worlds/snapshot.ts'

export const snapshotFormat = 'chatterie-snapshot'
/** Goes up where what files have of old means something else now. A new table or column leaves it as it is. */
export const snapshotVersion = 4

export interface SnapshotHeader {
  format: typeof snapshotFormat
  version: number
  name: string
  application: ApplicationCells
  /** Lines of each table. */
  tables: Record<string, number>
  /** Of the lines behind this one, in hex. */
  sha256: string
}

/** What a snapshot holds. */
export interface Contents {
  application: ApplicationCells
  /** Rows of each table, each as JSON. */
  rows: Map<string, string[]>
  /** In base64, by the keys of the files. */
  bytes: Map<string, string>
}

/** What the application of a world is like that nobody has done anything to. */
export const freshApplication = ApplicationCells.parse({})

export function toLines(table: string, rows: string[]): TableLines {
  const lines = rows.length === 0 ? null : rows.map((row) => `["${table}",${row}]`).join('\n')
  return { table, count: rows.length, lines }
}

export function writeSnapshotFile(
  name: string,
  application: ApplicationCells,
  tables: TableLines[],
  bytes: Map<string, string>,
): string {
  const lines = [
    ...tables.flatMap(({ lines }) => lines ?? []),
    ...[...bytes].map(([key, base64]) => JSON.stringify(['bytes', key, base64])),
  ]
  const body = lines.map((line) => `${line}\n`).join('')
  const header: SnapshotHeader = {
    format: snapshotFormat,
    version: snapshotVersion,
    name,
    application,
    tables: Object.fromEntries(tables.flatMap(({ table, count }) => (count > 0 ? [[table, count]] : []))),
    sha256: checksum(body),
  }
  return `${JSON.stringify(header)}\n${body}`
}

export function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

/** Of a file that this server wrote, or one before it; or of its first line. */
export function readHeader(file: string): SnapshotHeader {
  const header: SnapshotHeader = JSON.parse(file.split('\n', 1)[0] ?? '')
  return { ...header, application: { ...freshApplication, ...header.application } }
}

/** Reads a file that this server wrote, without looking into its rows. */
export function readSnapshotFile(file: string): Contents {
  const { application, tables } = readHeader(file)
  const lines = file.split('\n').slice(1, -1)
  const rows = new Map<string, string[]>()
  let at = 0
  for (const [table, count] of Object.entries(tables)) {
    const from = table.length + 4 // ["user",
    rows.set(
      table,
      lines.slice(at, at + count).map((line) => line.slice(from, -1)),
    )
    at += count
  }
  const bytes = lines
    .slice(at)
    .map((line) => (JSON.parse(line) as [string, string, string]).slice(1) as [string, string])
  return { application, rows, bytes: new Map(bytes) }
}
