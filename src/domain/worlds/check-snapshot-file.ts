// Checks that a file from an untrusted source is a snapshot that this server could have taken.

import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Meaning } from '#data/worlds/spaces.ts'
import { type KeptTable, keptTables } from '#data/worlds/tables.ts'
import {
  type Contents,
  checksum,
  type SnapshotHeader,
  snapshotFormat,
  snapshotVersion,
} from '#domain/worlds/snapshot-file.ts'
import { type ChatError, refused } from '#errors.ts'
import { SnapshotHeaderBody, snapshotCells } from '#resources/worlds/snapshot.ts'

type Cells = Record<string, unknown>

/** @throws ChatError 400 that names the line, or both versions */
export function checkSnapshotFile(file: Buffer): { name: string; contents: Contents } {
  if (!isUtf8(file)) throw wrong('The file is not valid UTF-8')
  const text = file.toString('utf8')
  const end = text.indexOf('\n')
  const header = checkHeader(text.slice(0, end < 0 ? undefined : end))
  const body = end < 0 ? '' : text.slice(end + 1)
  if (checksum(body) !== header.sha256) throw wrong('The file was changed or cut off after it was written')
  const lines = body.split('\n').slice(0, -1)

  const rows = new Map<string, Cells[]>()
  let at = 0
  for (const [name, count] of Object.entries(header.tables)) {
    const table = tableNamed(name)
    const cells = lines.slice(at, at + count).map((line, index) => checkRow(table, line, at + index + 2))
    if (cells.length < count) throw wrong(`The file has fewer rows of ${name} than it declares`)
    const stray = cells.findIndex((row) => String(Object.keys(row)) !== String(Object.keys(cells[0] ?? {})))
    if (stray >= 0) throw wrong(`Line ${at + stray + 2} has other columns than the first row of ${name}`)
    rows.set(name, cells)
    at += count
  }
  mustBeComplete(rows)
  const bytes = checkBytes(lines.slice(at), at + 2, rows.get('file') ?? [])
  const written = [...rows].map(([table, cells]): [string, string[]] => [
    table,
    cells.map((row) => JSON.stringify(row)),
  ])
  return {
    name: header.name,
    contents: { application: header.application, rows: new Map(written), bytes },
  }
}

function checkHeader(line: string): SnapshotHeader {
  const header = parse(line) as Partial<SnapshotHeader> | undefined
  if (header?.format !== snapshotFormat) {
    throw wrong(`The file is not a snapshot: its first line does not have the format ${snapshotFormat}`)
  }
  if (header.version !== snapshotVersion) {
    throw wrong(
      `The file is of version ${JSON.stringify(header.version)}, and this server reads version ${snapshotVersion}`,
    )
  }
  const { data, error } = SnapshotHeaderBody.safeParse(header)
  if (error) {
    const [issue] = error.issues
    throw wrong(`Line 1 is wrong: ${issue?.path.join('.')} ${issue?.message}`)
  }
  return { ...data, format: snapshotFormat }
}

function tableNamed(name: string): KeptTable {
  const table = keptTables.find((each) => each.name === name)
  if (!table) throw wrong(`Line 1 is wrong: this server knows no table ${name}`)
  return table
}

/** Checks a row. Older servers wrote fewer columns; the database knows whether missing ones have defaults. */
function checkRow({ name, columns, key, numbers, unique = [] }: KeptTable, line: string, at: number): Cells {
  const found = parse(line)
  const row = Array.isArray(found) && found.length === 2 && found[0] === name ? found[1] : undefined
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw wrong(`Line ${at} is not a row of ${name}`)
  }
  const given = row as Cells
  const refuse = (column: string, problem: string) =>
    wrong(`Line ${at} is wrong: ${name}.${column} ${problem}`)
  const unknown = Object.keys(given).find((column) => !columns.includes(column))
  if (unknown !== undefined) throw refuse(unknown, 'is not a column that this server knows')
  for (const column of columns) {
    const cell = given[column]
    if (cell === undefined && key.includes(column)) throw refuse(column, 'is missing')
    const meaning = numbers[column]
    if (meaning && !isNumber(meaning, cell)) throw refuse(column, 'is no such number')
    if (unique.includes(column) && typeof cell !== 'string') throw refuse(column, 'is no UUID')
    const { error } = snapshotCells[name]?.[column]?.safeParse(cell) ?? {}
    if (error) throw refuse(column, error.issues[0]?.message ?? 'is wrong')
  }
  return Object.fromEntries(
    columns.filter((column) => column in given).map((column) => [column, given[column]]),
  )
}

/** Accepts a missing number, since the database knows whether that is allowed. */
function isNumber(meaning: Meaning, cell: unknown): boolean {
  if (cell == null) return true
  const isPosition = meaning === 'plain' || meaning === 'counted' || /^(through|from) /.test(meaning)
  return Number.isSafeInteger(cell) && (meaning === 'plain' || Number(cell) >= (isPosition ? 0 : 1))
}

/** Requires that the file contains all rows it refers to, so that a world cannot reference another world's rows. */
function mustBeComplete(rows: Map<string, Cells[]>): void {
  const ids = new Map<string, Set<unknown>>()
  for (const { name, numbers } of keptTables) {
    const space = numbers.id
    if (!space) continue
    const known = ids.get(space) ?? new Set()
    ids.set(space, known)
    for (const { id } of rows.get(name) ?? []) known.add(id)
  }
  for (const { name, numbers } of keptTables) {
    for (const [column, meaning] of Object.entries(numbers)) {
      const known = ids.get(meaning)
      const stray = (rows.get(name) ?? []).find(
        (row) => known && row[column] != null && !known.has(row[column]),
      )
      if (stray) throw wrong(`The file has no ${meaning} ${stray[column]}, to which a row of ${name} refers`)
    }
  }
}

/** Returns the bytes in base64, by the keys of files. */
function checkBytes(lines: string[], at: number, files: Cells[]): Map<string, string> {
  const rows = new Map(files.map((row) => [row.key, row]))
  const bytes = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    const found = parse(line)
    const [kind, key, base64] = Array.isArray(found) ? found : []
    const row = rows.get(key)
    if (kind !== 'bytes' || !row || typeof base64 !== 'string') {
      throw wrong(`Line ${at + index} is neither a row that line 1 counts nor the bytes of a file`)
    }
    const decoded = Buffer.from(base64, 'base64')
    const sha256 = `\\x${createHash('sha256').update(decoded).digest('hex')}`
    if (decoded.length !== row.size || sha256 !== row.sha256) {
      throw wrong(`Line ${at + index} is wrong: these are not the bytes of the file ${key}`)
    }
    bytes.set(key, base64)
  }
  return bytes
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function wrong(message: string): ChatError {
  return refused('snapshot', 'body', 'invalid', message)
}
