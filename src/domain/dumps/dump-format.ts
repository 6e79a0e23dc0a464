// A dump as a file (docs/dump-format.md): lines of JSON, compressed. The first says what it is, the last what there is
// in it; between them are the bytes of files, `["bytes","<key>","<base64>"]`, and rows, `["user",{…}]`.
import { z } from 'zod'

export const dumpFormat = 'chatterie-dump'
/** Of the lines, not of what the rows have. */
export const dumpVersion = 1

/** So many bytes of a file are in one line. */
export const bytesPerLine = 49_152

const integer = z.number().int().min(0)

export const DumpHeader = z.object({
  format: z.literal(dumpFormat),
  version: z.number(),
  /** The version of Chatterie that wrote it. */
  chatterie: z.string(),
  takenTime: z.iso.datetime(),
  /** Whether it has all that a server has, or one application. */
  scope: z.enum(['server', 'application']),
  /** Of each table, what its rows have. */
  columns: z.record(z.string(), z.array(z.string())),
})
export type DumpHeader = z.output<typeof DumpHeader>

const Manifest = z.object({
  applications: z.array(z.object({ id: integer, name: z.string() })),
  /** Rows by table. */
  tables: z.record(z.string(), integer),
  files: integer,
  /** Files whose bytes were gone when they were to be read. */
  missingFiles: integer,
  /** The lowest and the highest id by table, in a dump of one application. */
  ids: z.record(z.string(), z.tuple([integer, integer])),
  /** The number last given by each sequence. */
  sequences: z.record(z.string(), integer),
  /** SHA-256 of all lines before this one, their line feeds included, in hex. */
  sha256: z.string(),
})
export type DumpManifest = z.output<typeof Manifest>

/** The last line. */
export const DumpEnd = z.tuple([z.literal('end'), Manifest])
