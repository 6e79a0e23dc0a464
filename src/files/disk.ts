// Files in a folder: `<last two characters of the key>/<key>`. Bytes arrive in `uploads/` and are moved once they are
// complete and on the disk, so whatever is under a key is whole.

import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { v4 as uuid } from 'uuid'
import { notFound } from '#errors.ts'
import { type FileStore, mustBeKey, type StoredBytes } from '#files/files.ts'
import { Measured } from '#files/measure.ts'

/** An upload that wrote nothing for so long is over: its process was killed. */
const abandonedMs = 600_000

/** Opens the store of a folder, which need not exist yet, and clears what killed processes left in it. */
export function openDiskStore(folder: string): FileStore {
  const store = new DiskStore(folder)
  // Files of a process that was killed a moment ago are found by a later look.
  setInterval(() => store.sweep(), abandonedMs).unref()
  void store.sweep()
  return store
}

export class DiskStore implements FileStore {
  readonly #folder: string
  readonly #uploads: string

  constructor(folder: string) {
    this.#folder = folder
    this.#uploads = join(folder, 'uploads')
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>, sizeMax: number): Promise<StoredBytes> {
    const path = this.#pathOf(key)
    await mkdir(this.#uploads, { recursive: true })
    const upload = join(this.#uploads, uuid())
    const measured = new Measured(bytes, sizeMax)
    try {
      const file = await open(upload, 'wx', 0o600)
      try {
        await file.writeFile(measured)
        await file.sync()
      } finally {
        await file.close()
      }
      await mkdir(dirname(path), { recursive: true })
      await rename(upload, path)
      await Promise.all([syncFolder(dirname(path)), syncFolder(this.#folder)])
    } catch (error) {
      await rm(upload, { force: true })
      throw error
    }
    return measured.result()
  }

  async open(key: string, range?: { start: number; end: number }): Promise<Readable> {
    const file = await open(this.#pathOf(key), 'r').catch((error) => {
      throw isMissing(error) ? notFound('file', key) : error
    })
    return file.createReadStream(range)
  }

  async delete(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true })
  }

  /** Clears uploads that nobody writes to any more. */
  async sweep(now = Date.now()): Promise<void> {
    const names = await readdir(this.#uploads).catch(() => [])
    for (const name of names) {
      const path = join(this.#uploads, name)
      const written = await stat(path).catch(() => undefined)
      if (written && now - written.mtimeMs > abandonedMs) await rm(path, { force: true }).catch(() => {})
    }
  }

  #pathOf(key: string): string {
    return join(this.#folder, mustBeKey(key).slice(-2), key)
  }
}

/** What was renamed survives a power cut only once its folder is on the disk too. Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
