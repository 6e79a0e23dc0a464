// What the journal keeps of the bodies of requests and answers (testing contract 5).
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { redact, redactText } from '#test-api/journal/redact.ts'

/** Bytes kept of a body. */
const keptMax = 65_536

/** The beginning of a body, and whether that is all of it. */
export interface Beginning {
  bytes: Buffer
  isWhole: boolean
}

/** Records a request's body while it is read elsewhere. @returns a function for what was read so far, up to 64 KiB */
export function watchBody(request: IncomingMessage): () => Beginning {
  const chunks: Buffer[] = []
  let kept = 0
  let isWhole = true
  // Attached just before the stream flows, because a `data` listener alone would start it.
  request.once('resume', () => {
    request.on('data', (chunk: Buffer) => {
      const room = keptMax - kept
      if (chunk.length > room) isWhole = false
      if (room <= 0) return
      chunks.push(chunk.subarray(0, room))
      kept += Math.min(room, chunk.length)
    })
  })
  return () => ({ bytes: Buffer.concat(chunks), isWhole })
}

/** Returns the body of a frame as the journal shows it. */
export function shownText(text: string): { body?: unknown; truncated?: true } {
  if (text === '') return {}
  const bytes = Buffer.from(text)
  if (bytes.length > keptMax) return { body: redactText(bytes.toString('utf8', 0, keptMax)), truncated: true }
  return { body: shownBody({ bytes, isWhole: true }) }
}

/** Returns the beginning of an answer's body; undefined for a streamed one. */
export function beginningOf(payload: unknown): Beginning | undefined {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return undefined
  const bytes = Buffer.from(payload as string)
  return { bytes: bytes.subarray(0, keptMax), isWhole: bytes.length <= keptMax }
}

/**
 * Returns a body as the journal shows it, without secrets: JSON and forms are parsed, bodies over the limit appear as
 * text. Files, and forms with files, are omitted.
 */
export function shownBody(
  beginning: Beginning | undefined,
  contentType = '',
  secrets: readonly string[] = [],
): unknown {
  if (!beginning || beginning.bytes.length === 0) return undefined
  const { bytes, isWhole } = beginning
  if (/^(multipart|image|audio|video)\/|octet-stream/i.test(contentType)) return undefined
  if (isWhole && !isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  if (!isWhole) return redactText(text, secrets)
  try {
    return redact(JSON.parse(text), secrets)
  } catch {
    const isForm = contentType.startsWith('application/x-www-form-urlencoded')
    return isForm ? redact(Object.fromEntries(new URLSearchParams(text)), secrets) : redactText(text, secrets)
  }
}
