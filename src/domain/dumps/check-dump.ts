import { createHash } from 'node:crypto'
import { dumpedTables } from '#data/dumps/tables.ts'
import { DumpEnd, DumpHeader, type DumpManifest, dumpFormat, dumpVersion } from '#domain/dumps/dump-format.ts'
import { fileOfLine, kindOfLine, linesOfDump } from '#domain/dumps/lines-of-dump.ts'

/** A dump that was verified to be complete and unaltered. */
export interface Dump {
  path: string
  header: DumpHeader
  manifest: DumpManifest
}

/**
 * Reads a dump to its end, without writing anything.
 * @throws Error for the operator, if it is not a dump, was truncated or altered, or this version cannot read it
 */
export async function checkDump(path: string): Promise<Dump> {
  const hash = createHash('sha256')
  let header: DumpHeader | undefined
  let last: Buffer | undefined
  const counted: Counted = { tables: new Map(), files: 0 }
  let file: string | undefined
  try {
    for await (const line of linesOfDump(path)) {
      if (last !== undefined) {
        hash.update(last).update('\n')
        if (header === undefined) header = readHeader(path, last)
        else file = count(last, file, counted)
      }
      last = line
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_') || code?.startsWith('ZSTD_') || code === 'ERR_STREAM_PREMATURE_CLOSE') {
      throw damaged(path)
    }
    throw error
  }
  if (header === undefined) readHeader(path, last)
  const end = DumpEnd.safeParse(parse(last))
  if (!header || !end.success || end.data[1].sha256 !== hash.digest('hex')) throw damaged(path)
  const [, manifest] = end.data
  const { columns } = header
  const isCounted =
    manifest.files === counted.files &&
    Object.entries(manifest.tables).every(([name, rows]) => rows === (counted.tables.get(name) ?? 0)) &&
    [...counted.tables.keys()].every((name) => Object.hasOwn(columns, name))
  if (!isCounted) throw damaged(path)
  return { path, header, manifest }
}

interface Counted {
  /** The number of rows by table. */
  tables: Map<string, number>
  files: number
}

/** Counts a line. @param file key of the file that the previous line belongs to; @returns that of this line */
function count(line: Buffer, file: string | undefined, counted: Counted): string | undefined {
  const kind = kindOfLine(line)
  if (kind !== 'bytes') {
    counted.tables.set(kind, (counted.tables.get(kind) ?? 0) + 1)
    return undefined
  }
  const { key } = fileOfLine(line)
  if (key !== file) counted.files += 1
  return key
}

function readHeader(path: string, line: Buffer | undefined): DumpHeader {
  const found = parse(line) as Partial<DumpHeader> | undefined
  if (found?.format !== dumpFormat) throw new Error(`${path} is not a dump of Chatterie`)
  const { data, success } = DumpHeader.safeParse(found)
  if (!success || data.version !== dumpVersion) throw tooNew(path, found)
  for (const [name, columns] of Object.entries(data.columns)) {
    const known = dumpedTables.get(name)?.columns ?? []
    if (!columns.every((column) => known.includes(column))) throw tooNew(path, data)
  }
  return data
}

function tooNew(path: string, { chatterie = 'another version' }: Partial<DumpHeader>): Error {
  return new Error(`${path} was written by Chatterie ${chatterie}, and this version cannot read it`)
}

function damaged(path: string): Error {
  return new Error(`${path} was cut off or altered after it was written: nothing was restored`)
}

function parse(line?: Buffer): unknown {
  try {
    return JSON.parse(line?.toString('utf8') ?? '')
  } catch {
    return undefined
  }
}
