// The file format of a dump (docs/dump-format.md): compressed lines of JSON. The first line is the header, the last the
// manifest; between them are the bytes of files, `["bytes","<key>","<base64>"]`, and rows, `["user",{…}]`.
import { z } from 'zod'

export const dumpFormat = 'chatterie-dump'
/** The version of the line format, not of the columns of rows. */
export const dumpVersion = 1

/** How many bytes of a file one line holds. */
export const bytesPerLine = 49_152

const integer = z.number().int().min(0)

export const DumpHeader = z.object({
  format: z.literal(dumpFormat),
  version: z.number(),
  /** The version of Chatterie that wrote the dump. */
  chatterie: z.string(),
  takenTime: z.iso.datetime(),
  /** Whether the dump contains a whole server or one application. */
  scope: z.enum(['server', 'application']),
  /** The columns of each table's rows. */
  columns: z.record(z.string(), z.array(z.string())),
})
export type DumpHeader = z.output<typeof DumpHeader>

const Manifest = z.object({
  applications: z.array(z.object({ id: integer, name: z.string() })),
  /** The number of rows by table. */
  tables: z.record(z.string(), integer),
  files: integer,
  /** The number of files whose bytes were missing when they were read. */
  missingFiles: integer,
  /** The lowest and the highest id by table, in a dump of one application. */
  ids: z.record(z.string(), z.tuple([integer, integer])),
  /** The number that each sequence returned last. */
  sequences: z.record(z.string(), integer),
  /** SHA-256 of all lines before this one, including their line feeds, in hex. */
  sha256: z.string(),
})
export type DumpManifest = z.output<typeof Manifest>

/** The last line. */
export const DumpEnd = z.tuple([z.literal('end'), Manifest])
