import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** The lines of a dump, whatever compressed it. */
export async function* linesOfDump(path: string): AsyncGenerator<string> {
  const text = pipeline(createReadStream(path), await decompressionOf(path), () => {})
  let begun: Buffer[] = []
  for await (const chunk of text as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]).toString('utf8')
      begun = []
      from = end + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8')
}

/** Text may have characters that others, such as node:readline, take for the end of a line. */
const lineFeed = 0x0a

async function decompressionOf(path: string) {
  const file = await open(path)
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0).finally(() => file.close())
  if (buffer.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress()
  if (buffer.readUInt16BE(0) === 0x1f8b) return createGunzip()
  throw new Error(`${path} is no dump of Chatterie`)
}
