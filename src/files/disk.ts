// Stores files in a folder as `<last two characters of the key>/<key>`. Bytes arrive in `uploads/` and are moved once
// they are complete and synced to disk, so a file under its key is always complete.

import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { v4 as uuid } from 'uuid'
import { notFound } from '#errors.ts'
import { type FileStore, mustBeKey, type StoredBytes } from '#files/files.ts'
import { Measured } from '#files/measure.ts'

/** An upload without writes for this long has been abandoned, because its process was killed. */
const abandonedMs = 600_000

/** Opens the store in a folder, which need not exist yet, and deletes uploads that killed processes left. */
export function openDiskStore(folder: string): FileStore {
  const store = new DiskStore(folder)
  // Uploads of a process that was killed recently are found by a later sweep.
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

  /** Deletes uploads that no process writes to any more. */
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

/** Syncs a folder, without which a rename may not survive a power failure. Windows has no such call. */
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
