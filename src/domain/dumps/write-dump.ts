import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import type { Context } from '#context.ts'
import { type DumpSource, type TableOfDump, withSnapshot } from '#data/dumps/read.ts'
import { dumpedTables } from '#data/dumps/tables.ts'
import {
  bytesPerLine,
  type DumpHeader,
  type DumpManifest,
  dumpFormat,
  dumpVersion,
} from '#domain/dumps/dump-format.ts'
import { isGone, notFound } from '#errors.ts'

export interface DumpOptions {
  /** The application to dump; the whole server if absent. */
  applicationId?: number | undefined
  /** The version of Chatterie that writes the dump. */
  version: string
  /** Called with the number of rows and files written so far. */
  onProgress?: (done: number) => void
  /** Ends it, without a file. */
  signal?: AbortSignal
}

/**
 * Writes a consistent snapshot of all rows, and their files, into one file, while others keep writing. The file appears
 * under its name once complete. If the path ends with `.zst` it is compressed with Zstandard, otherwise with gzip.
 * @throws ChatError 404 if the application does not exist
 */
export function writeDump(ctx: Context, path: string, options: DumpOptions): Promise<DumpManifest> {
  return withSnapshot(ctx.db, async (source) => {
    const dump = new Dump(ctx, source, options)
    const part = `${path}.part`
    try {
      await pipeline(
        Readable.from(dump.text()),
        compressionOf(path),
        createWriteStream(part, { mode: 0o600 }),
        { signal: options.signal },
      )
      await rename(part, path)
    } finally {
      await rm(part, { force: true })
    }
    return dump.manifest
  })
}

function compressionOf(path: string) {
  if (!path.endsWith('.zst')) return createGzip()
  return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 6 } })
}

class Dump {
  readonly #ctx: Context
  readonly #source: DumpSource
  readonly #options: DumpOptions
  readonly #hash = createHash('sha256')
  readonly manifest: DumpManifest
  #done = 0

  constructor(ctx: Context, source: DumpSource, options: DumpOptions) {
    this.#ctx = ctx
    this.#source = source
    this.#options = options
    const { applicationId } = options
    const applications = source.applications.filter(({ id }) => id === (applicationId ?? id))
    if (applicationId !== undefined && applications.length === 0) throw notFound('application', applicationId)
    this.manifest = {
      applications,
      tables: {},
      files: 0,
      missingFiles: 0,
      ids: {},
      sequences: {},
      sha256: '',
    }
  }

  async *text(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#body()) {
      this.#hash.update(chunk)
      yield chunk
    }
    this.manifest.sequences = await this.#source.sequences()
    this.manifest.sha256 = this.#hash.digest('hex')
    yield line(['end', this.manifest])
  }

  async *#body(): AsyncGenerator<Buffer> {
    const { applications } = this.manifest
    const { applicationId, version } = this.#options
    const header: DumpHeader = {
      format: dumpFormat,
      version: dumpVersion,
      chatterie: version,
      takenTime: new Date(this.#ctx.clock.now()).toISOString(),
      scope: applicationId === undefined ? 'server' : 'application',
      columns: Object.fromEntries([...dumpedTables].map(([name, { columns }]) => [name, columns])),
    }
    yield line(header)
    for (const { id } of applications) {
      for (const key of await this.#source.fileKeys(id)) yield* this.#bytesOf(key)
    }
    if (applicationId !== undefined) this.manifest.ids = await this.#source.ids(applicationId)
    for (const table of this.#source.otherTables(applicationId === undefined)) yield* this.#rowsOf(table)
    for (const { id } of applications) {
      for (const table of this.#source.tablesOf(id)) yield* this.#rowsOf(table)
    }
  }

  async *#rowsOf({ name, lines }: TableOfDump): AsyncGenerator<Buffer> {
    let count = 0
    for await (const chunk of lines()) {
      for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) count += 1
      yield chunk
      this.#progress()
    }
    this.manifest.tables[name] = (this.manifest.tables[name] ?? 0) + count
    this.#done += count
  }

  async *#bytesOf(key: string): AsyncGenerator<Buffer> {
    let rest: Buffer = Buffer.alloc(0)
    try {
      for await (const chunk of await this.#ctx.files.open(key)) {
        rest = Buffer.concat([rest, chunk])
        while (rest.length > bytesPerLine) {
          yield line(['bytes', key, rest.subarray(0, bytesPerLine).toString('base64')])
          rest = rest.subarray(bytesPerLine)
        }
      }
    } catch (error) {
      if (!isGone(error)) throw error
      this.manifest.missingFiles += 1 // deleted meanwhile
      return
    }
    yield line(['bytes', key, rest.toString('base64')])
    this.manifest.files += 1
    this.#done += 1
    this.#progress()
  }

  #progress(): void {
    this.#options.onProgress?.(this.#done)
  }
}

const lineFeed = 0x0a

function line(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
