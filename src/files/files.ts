// Storage for the bytes of files: the interface of disk.ts and s3.ts.
import type { Readable } from 'node:stream'

export interface StoredBytes {
  size: number
  sha256: Buffer
}

export interface FileStore {
  /**
   * Streams bytes to a key. If it throws or the process dies, nothing is stored under the key.
   * @throws ChatError 413 as soon as there are more than `sizeMax` bytes
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>, sizeMax: number): Promise<StoredBytes>
  /** Reads a key, or a range of it, with inclusive bounds. @throws ChatError 404 */
  open(key: string, range?: { start: number; end: number }): Promise<Readable>
  /** Deletes a key; does nothing if it does not exist. */
  delete(key: string): Promise<void>
}

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{1,199}$/

/** Returns the key if it is safe as part of a path. @throws Error otherwise */
export function mustBeKey(key: string): string {
  if (!keyPattern.test(key)) throw new Error(`${JSON.stringify(key)} cannot be a file's key`)
  return key
}
