// What is kept of the bodies of requests and answers (testing contract 5).
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { redact, redactText } from '#test-api/journal/redact.ts'

/** Bytes of a body that are kept. */
const keptMax = 65_536

/** The beginning of a body, and whether there was more. */
export interface Beginning {
  bytes: Buffer
  isWhole: boolean
}

/** Looks on while a request is read, by whomever and for whatever. @returns what was read so far, up to 64 KiB */
export function watchBody(request: IncomingMessage): () => Beginning {
  const chunks: Buffer[] = []
  let kept = 0
  let isWhole = true
  // Right before it flows: a listener for its data alone would set it flowing.
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

/** The body of a frame, as the journal shows it. */
export function shownText(text: string): { body?: unknown; truncated?: true } {
  if (text === '') return {}
  const bytes = Buffer.from(text)
  if (bytes.length > keptMax) return { body: redactText(bytes.toString('utf8', 0, keptMax)), truncated: true }
  return { body: shownBody({ bytes, isWhole: true }) }
}

/** The beginning of an answer's body; undefined of one that is made while it is sent. */
export function beginningOf(payload: unknown): Beginning | undefined {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return undefined
  const bytes = Buffer.from(payload as string)
  return { bytes: bytes.subarray(0, keptMax), isWhole: bytes.length <= keptMax }
}

/**
 * A body as the journal shows it: JSON and forms parsed, what is longer than is kept as its text; without secrets. Files
 * and forms with files are left out.
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
