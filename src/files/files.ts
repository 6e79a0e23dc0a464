// Where the bytes of files are kept: the seam between disk.ts and s3.ts.
import type { Readable } from 'node:stream'

export interface StoredBytes {
  size: number
  sha256: Buffer
}

export interface FileStore {
  /**
   * Streams bytes to a key. When it throws, or the process dies, nothing is found under the key.
   * @throws ChatError 413 as soon as there are more than `sizeMax` bytes
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>, sizeMax: number): Promise<StoredBytes>
  /** The bytes of a key, or of a range of it, ends included. @throws ChatError 404 */
  open(key: string, range?: { start: number; end: number }): Promise<Readable>
  /** Forgets a key; one that is not there is forgotten already. */
  delete(key: string): Promise<void>
}

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{1,199}$/

/** A key becomes part of a path, so it holds nothing that a path could misread. @throws Error */
export function mustBeKey(key: string): string {
  if (!keyPattern.test(key)) throw new Error(`${JSON.stringify(key)} cannot be a file's key`)
  return key
}
