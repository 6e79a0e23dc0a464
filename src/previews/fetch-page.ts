// Fetches the beginning of a page, with limits on everything that its server could prolong.
import { pipeline, Readable, type Transform } from 'node:stream'
import { TextDecoder } from 'node:util'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Client, type Dispatcher } from 'undici'
import { guardedConnector } from '#previews/connector.ts'
import type { Guard } from '#previews/guard.ts'
import { HeadReader, type LinkPreview } from '#previews/open-graph.ts'

export interface FetchOptions {
  guard: Guard
  /** Time limit for the whole fetch: DNS, redirects and body. */
  timeoutMs: number
}

const redirectsMax = 3
/** Limit for a page, both before and after decompression. */
const bytesMax = 524_288
/** A page that declares its encoding does so in these first bytes [HTML Standard 4.2.5.4]. */
const openingBytes = 1024

const decompressors: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/**
 * Returns the preview of the page at a URL; undefined if the page has none.
 * @throws if there is no HTML page, or it is not permitted, or it does not arrive in time
 */
export async function fetchPreview(url: URL, options: FetchOptions): Promise<LinkPreview | undefined> {
  const signal = AbortSignal.timeout(options.timeoutMs)
  let at = url
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    mustBeHttpUrl(at)
    const client = new Client(at.origin, { connect: guardedConnector(options.guard, signal), pipelining: 0 })
    try {
      const response = await client.request({
        method: 'GET',
        path: at.pathname + at.search,
        headers: {
          'user-agent': 'Chatterie link preview',
          accept: 'text/html,application/xhtml+xml',
          'accept-encoding': 'gzip, deflate, br',
        },
        signal,
      })
      // The body is destroyed below, whether it was read or not.
      response.body.on('error', () => undefined)
      if (response.statusCode === 200) return await readPreview(response, at)
      at = redirectOf(response, at)
    } finally {
      // Not awaited: a connecting client is only destroyed once it has connected.
      void client.destroy()
    }
  }
  throw new Error('redirected too often')
}

function mustBeHttpUrl(url: URL): void {
  if (!/^https?:$/.test(url.protocol)) throw new Error('not of the web')
  if (url.username || url.password) throw new Error('holds credentials')
}

function redirectOf({ statusCode, headers }: Dispatcher.ResponseData, from: URL): URL {
  const { location } = headers
  if (![301, 302, 303, 307, 308].includes(statusCode) || typeof location !== 'string') {
    throw new Error(`answered ${statusCode}`)
  }
  return new URL(location, from)
}

async function readPreview(
  { headers, body }: Dispatcher.ResponseData,
  at: URL,
): Promise<LinkPreview | undefined> {
  const contentType = String(headers['content-type'] ?? '')
  if (!/^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(contentType)) throw new Error('not HTML')
  const head = new HeadReader()
  let decoder: TextDecoder | undefined
  let opening = Buffer.alloc(0)
  for await (const chunk of decompressed(body, headers['content-encoding'])) {
    if (decoder) head.write(decoder.decode(chunk, { stream: true }))
    else {
      opening = Buffer.concat([opening, chunk])
      if (opening.length < openingBytes) continue
      decoder = decoderOf(contentType, opening)
      head.write(decoder.decode(opening, { stream: true }))
    }
    if (head.isDone) break
  }
  if (!decoder) head.write(decoderOf(contentType, opening).decode(opening))
  return head.preview(at)
}

/** Yields the decompressed bytes of a body, up to the limit. */
async function* decompressed(
  body: Readable,
  encoding: string | string[] = 'identity',
): AsyncGenerator<Buffer> {
  const packed = upTo(bytesMax, body)
  if (encoding === 'identity') return yield* packed
  const decompressor = decompressors[String(encoding).trim().toLowerCase()]?.()
  if (!decompressor) throw new Error('packed in an unknown way')
  // The reader of the decompressor receives its errors.
  pipeline(Readable.from(packed), decompressor, () => undefined)
  yield* upTo(bytesMax, decompressor)
}

/** Yields at most `bytesMax` bytes of a stream, which is then destroyed. */
async function* upTo(bytesMax: number, stream: Readable): AsyncGenerator<Buffer> {
  let left = bytesMax
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) return
  }
}

/** [HTML Standard 13.2.3.2]: byte order mark, content type, `<meta>`, otherwise UTF-8. */
function decoderOf(contentType: string, opening: Buffer): TextDecoder {
  const declared = /<meta[^>]+charset\s*=\s*["']?\s*([\w:.-]+)/i.exec(
    opening.toString('latin1', 0, openingBytes),
  )?.[1]
  const label =
    byteOrderMark(opening) ??
    /charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType)?.[1] ??
    // A page in which this declaration could be read is not UTF-16.
    declared?.replace(/^utf-?16.*/i, 'utf-8')
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder()
  }
}

function byteOrderMark(bytes: Buffer): string | undefined {
  if (bytes.indexOf('efbbbf', 0, 'hex') === 0) return 'utf-8'
  if (bytes.indexOf('feff', 0, 'hex') === 0) return 'utf-16be'
  if (bytes.indexOf('fffe', 0, 'hex') === 0) return 'utf-16le'
  return undefined
}
