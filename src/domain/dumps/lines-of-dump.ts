import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/**
 * Yields the lines of a dump in UTF-8, without their line feeds, whichever supported compression it has. Lines stay
 * bytes as long as possible: strings made Node's young generation grow by 80 MB.
 * @throws Error if a line is longer than any in a dump, or the signal's reason once it is aborted
 */
export async function* linesOfDump(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const text = pipeline(createReadStream(path), await decompressionOf(path), () => {})
  let begun: Buffer[] = []
  let size = 0
  for await (const chunk of text as AsyncIterable<Buffer>) {
    signal?.throwIfAborted()
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      const rest = chunk.subarray(from, end)
      yield begun.length === 0 ? rest : Buffer.concat([...begun, rest])
      begun = []
      size = 0
      from = end + 1
    }
    if (from === chunk.length) continue
    begun.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > lineBytesMax) throw new Error(`${path} has a line that is too long for a dump`)
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}

/** Postgres values are limited to 1 GB, and rows are far smaller: a longer line can only be meant to exhaust memory. */
const lineBytesMax = 256 * 1024 * 1024

/** Returns the kind of a line: `bytes`, `end` or a table; empty if it is not a line of a dump. */
export function kindOfLine(line: Buffer): string {
  return /^\["([a-z_]+)",/.exec(line.toString('latin1', 0, kindBytesMax))?.[1] ?? ''
}

/** Names in Postgres are no longer than this. */
const kindBytesMax = 70

/** Returns the content of a line, without its kind. */
export function bodyOfLine(line: Buffer, kind: string): Buffer {
  return line.subarray(`["${kind}",`.length, -1)
}

/** Returns the key of the file that a `bytes` line belongs to, and where the line's base64 begins. */
export function fileOfLine(line: Buffer): { key: string; from: number } {
  const [start = '', key = ''] = /^\["bytes","([^"]*)","/.exec(line.toString('latin1', 0, fileBytesMax)) ?? []
  return { key, from: start.length }
}

/** Keys are UUIDs. */
const fileBytesMax = 60

/** Text may contain characters that other readers, such as node:readline, treat as line ends. */
const lineFeed = 0x0a

async function decompressionOf(path: string) {
  const file = await open(path)
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0).finally(() => file.close())
  if (buffer.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress()
  if (buffer.readUInt16BE(0) === 0x1f8b) return createGunzip()
  throw new Error(`${path} is not a dump of Chatterie`)
}
