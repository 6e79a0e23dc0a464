// Counts and hashes bytes on their way to a store.
import { createHash } from 'node:crypto'
import { ChatError } from '#errors.ts'
import type { StoredBytes } from '#files/files.ts'

export class Measured implements AsyncIterable<Uint8Array> {
  readonly #bytes: AsyncIterable<Uint8Array>
  readonly #sizeMax: number
  readonly #hash = createHash('sha256')
  #size = 0
  /** Why the bytes ended early, whatever error the store throws. */
  failure: unknown

  constructor(bytes: AsyncIterable<Uint8Array>, sizeMax: number) {
    this.#bytes = bytes
    this.#sizeMax = sizeMax
  }

  /** @throws ChatError 413 instead of yielding more than the maximum size */
  async *[Symbol.asyncIterator]() {
    try {
      for await (const chunk of this.#bytes) {
        this.#size += chunk.length
        if (this.#size > this.#sizeMax) throw tooLarge(this.#sizeMax)
        this.#hash.update(chunk)
        yield chunk
      }
    } catch (error) {
      this.failure = error
      throw error
    }
  }

  /** Returns the size and hash; call it once all bytes have been read. */
  result(): StoredBytes {
    return { size: this.#size, sha256: this.#hash.digest() }
  }
}

function tooLarge(sizeMax: number): ChatError {
  return new ChatError('PayloadTooLargeError', `A file may have ${sizeMax} bytes at most`)
}
