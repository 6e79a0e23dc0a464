// Reads the items of an import file, a JSON array that is never in memory as a whole. Only what is between items is
// scanned here; JSON.parse parses each item, so that one that is malformed, too large or too deep fails alone.
import { isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { importItemMax } from '#resources/imports.ts'

export type Item = { index: number; size: number } & ({ value: unknown } | { reason: string })

/** Thrown if the bytes are not a JSON array or end inside it. Items that were complete have been returned. */
export class UnusableFile extends Error {
  readonly index: number

  /** @param index index of the item at which the file became unusable */
  constructor(index: number, reason: string) {
    super(reason)
    this.name = 'UnusableFile'
    this.index = index
  }
}

/** Bytes that are read before other work in the process gets its turn; takes about 0.1 ms. */
const sliceBytes = 16_384

/**
 * Yields the items of a file from item `from` on, a few at a time.
 * @throws UnusableFile
 */
export async function* readItems(bytes: AsyncIterable<Uint8Array>, from = 0): AsyncGenerator<Item[]> {
  const splitter = new Splitter(from)
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const { items, broken } = splitter.push(chunk.subarray(at, at + sliceBytes))
      if (items.length > 0) yield items
      if (broken) throw broken
      await setImmediate()
    }
  }
  const broken = splitter.end()
  if (broken) throw broken
}

/** Returns the number of complete items in a file. */
export async function countItems(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const splitter = new Splitter(Number.POSITIVE_INFINITY)
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      if (splitter.push(chunk.subarray(at, at + sliceBytes)).broken) return splitter.count
      await setImmediate()
    }
  }
  return splitter.count
}

const depthMax = 128

const quote = 0x22
const comma = 0x2c
const openingBracket = 0x5b
const backslash = 0x5c
const closingBracket = 0x5d
const openingBrace = 0x7b
const closingBrace = 0x7d
const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const byteOrderMark = [0xef, 0xbb, 0xbf]

class Splitter {
  /** Number of complete items. */
  count = 0
  readonly #from: number
  #state: 'before' | 'within' | 'after' = 'before'
  #offset = 0
  #depth = 0
  #deepest = 0
  #inString = false
  #escaped = false
  /** Earlier chunks of the current item. */
  #pieces: Uint8Array[] = []
  #size = 0
  #isBlank = true

  constructor(from: number) {
    this.#from = from
  }

  push(chunk: Uint8Array): { items: Item[]; broken?: UnusableFile } {
    const items: Item[] = []
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === backslash) this.#escaped = true
        else if (byte === quote) this.#inString = false
        continue
      }
      if (this.#state !== 'within') {
        if (isBlank(byte) || byte === byteOrderMark[this.#offset + at]) continue
        if (this.#state === 'after') return { items, broken: this.#broken('Something follows the array') }
        if (byte !== openingBracket) return { items, broken: this.#broken('The file is not a JSON array') }
        this.#state = 'within'
        this.#depth = 1
        start = at + 1
        continue
      }
      if (isBlank(byte)) continue
      const isItemsEnd = this.#depth === 1 && (byte === comma || byte === closingBracket)
      if (!isItemsEnd) this.#isBlank = false
      if (byte === quote) this.#inString = true
      else if (byte === openingBrace || byte === openingBracket) {
        this.#depth++
        if (this.#depth > this.#deepest) this.#deepest = this.#depth
      } else if (isItemsEnd) {
        const isEmptyArray = byte === closingBracket && this.count === 0 && this.#isBlank
        if (!isEmptyArray) this.#complete(items, chunk.subarray(start, at))
        start = at + 1
        if (byte === closingBracket) this.#state = 'after'
      } else if (byte === closingBrace || byte === closingBracket) {
        this.#depth--
        if (this.#depth === 0) return { items, broken: this.#broken('The array ends with a }') }
      }
    }
    if (this.#state === 'within') this.#keep(chunk.subarray(start))
    this.#offset += chunk.length
    return { items }
  }

  end(): UnusableFile | undefined {
    if (this.#state === 'before') return this.#broken('The file is empty')
    if (this.#state === 'within') return this.#broken('The file ends before its array does')
    return undefined
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length
    if (this.count < this.#from) return
    if (this.#size > importItemMax) this.#pieces = []
    else this.#pieces.push(piece)
  }

  #complete(items: Item[], last: Uint8Array): void {
    this.#keep(last)
    if (this.count >= this.#from) items.push(this.#read())
    this.count++
    this.#pieces = []
    this.#size = 0
    this.#deepest = 0
    this.#isBlank = true
  }

  #read(): Item {
    const item = { index: this.count, size: this.#size }
    if (this.#size > importItemMax) return { ...item, reason: `is larger than ${importItemMax} bytes` }
    if (this.#deepest > depthMax) return { ...item, reason: `is nested deeper than ${depthMax} levels` }
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Uint8Array) : Buffer.concat(this.#pieces)
    if (!isUtf8(bytes)) return { ...item, reason: 'is not valid UTF-8' }
    try {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
      return { ...item, value: JSON.parse(text) }
    } catch {
      return { ...item, reason: 'is not valid JSON' }
    }
  }

  #broken(reason: string): UnusableFile {
    return new UnusableFile(this.count, reason)
  }
}
