// The file format of a snapshot: lines of JSON. The first line has the format, the version, and the number of lines of
// each table, which follow as `["user",{…}]`; the last lines are the bytes of files, `["bytes","<key>","<base64>"]`.
import { createHash } from 'node:crypto'
import type { TableLines } from '#data/worlds/contents.ts'
import { ApplicationCells } from '#resources/worlds/snapshot.ts'

export const snapshotFormat = 'chatterie-snapshot'
/** Increased if existing content changes its meaning. New tables or columns do not change it. */
export const snapshotVersion = 4

export interface SnapshotHeader {
  format: typeof snapshotFormat
  version: number
  name: string
  application: ApplicationCells
  /** The number of lines of each table. */
  tables: Record<string, number>
  /** Of all lines after this one, in hex. */
  sha256: string
}

export interface Contents {
  application: ApplicationCells
  /** The rows of each table, each as JSON. */
  rows: Map<string, string[]>
  /** In base64, by the keys of the files. */
  bytes: Map<string, string>
}

/** The application of a world without any changes. */
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

/** Reads the header from its line, or from a whole file, written by this server or an earlier version. */
export function readHeader(file: string): SnapshotHeader {
  const header: SnapshotHeader = JSON.parse(file.split('\n', 1)[0] ?? '')
  return { ...header, application: { ...freshApplication, ...header.application } }
}

/** Reads a file that this server wrote, without checking its rows. */
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
