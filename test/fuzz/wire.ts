// HTTP as bytes: what is sent need not be a valid request, and answers have a timeout.
import { connect } from 'node:net'
import { patienceMs } from '../support/patience.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

const bodyMax = 64 * 1024 * 1024

/**
 * Sends bytes on a new connection.
 * @param waitMs the timeout of the answer
 * @returns the answer; `closed` if the server closed the connection without one, `silent` after the timeout
 */
export function exchange(
  port: number,
  bytes: Buffer,
  waitMs = patienceMs,
): Promise<Answer | 'closed' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    let size = 0
    const isHead = bytes.subarray(0, 5).toString() === 'HEAD '
    const finish = (result: Answer | 'closed' | 'silent') => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(
      () => finish(readAnswer(Buffer.concat(chunks), isHead, true) ?? 'silent'),
      waitMs,
    )
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > bodyMax) throw new Error('An answer is larger than anything that was sent')
      const answer = readAnswer(Buffer.concat(chunks), isHead, false)
      if (answer) finish(answer)
    })
    socket.on('error', () => undefined) // `close` follows
    socket.on('close', () => finish(readAnswer(Buffer.concat(chunks), isHead, true) ?? 'closed'))
  })
}

/** @param isOver whether the connection has ended */
function readAnswer(bytes: Buffer, isHead: boolean, isOver: boolean): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0)
  const rest = bytes.subarray(end + 4)
  if (status === 100) return readAnswer(rest, isHead, isOver)
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
  const isBodiless = isHead || status === 204 || status === 304
  const length = headers['content-length']
  const isWhole =
    isBodiless ||
    (length !== undefined && rest.length >= Number(length)) ||
    (headers['transfer-encoding'] === 'chunked' && rest.toString('latin1').endsWith('0\r\n\r\n'))
  if (!isWhole && !isOver) return undefined
  const body = headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : firstOf(rest, length)
  return { status, headers, body: isBodiless ? '' : body }
}

/** Further bytes are the answer to what follows the request. */
function firstOf(bytes: Buffer, length: string | undefined): string {
  return bytes.subarray(0, length === undefined ? undefined : Number(length)).toString()
}

function unchunked(bytes: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (end < 0 || !(size > 0)) return Buffer.concat(parts).toString()
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

/** Returns the object in a JSON text; undefined if it is not one. */
export function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns a shell command that sends the bytes again. */
export function asShell(bytes: Buffer): string {
  const shown = bytes.subarray(0, 4_000)
  const escaped = [...shown]
    .map((byte) => {
      const char = String.fromCharCode(byte)
      return byte >= 0x20 && byte < 0x7f && !"'\\%".includes(char)
        ? char
        : `\\${byte.toString(8).padStart(3, '0')}`
    })
    .join('')
  const rest = bytes.length > shown.length ? ` # and ${bytes.length - shown.length} bytes more` : ''
  return `printf '${escaped}' | nc localhost 9001${rest}`
}
