// A STOMP 1.2 codec for servers. The codec of @stomp/stompjs is made for clients, which trust their server: it has no
// limits (a body of 2 MiB takes 100 ms and 90 MiB), waits forever after a wrong content-length, lets a header without a
// colon run into the next line, and reads an escaped backslash before an `n` as a line feed.
import { isUtf8 } from 'node:buffer'
import { protocolFault } from './error.ts'
import type { StompLimits } from './limits.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const colon = 0x3a
const nul = 0x00

const noBytes = Buffer.alloc(0)

const clientCommands = new Set([
  'CONNECT',
  'STOMP',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'ACK',
  'NACK',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'DISCONNECT',
])
const commandBytesMax = Math.max(...[...clientCommands].map(({ length }) => length))

/** Commands whose headers are not escaped, for compatibility with STOMP 1.0 [STOMP 1.2 Value Encoding]. */
const unescapedCommands = new Set(['CONNECT', 'STOMP', 'CONNECTED'])

/** A frame of a client. The body is unchecked. */
export interface ClientFrame {
  command: string
  headers: ClientHeaders
  body: Buffer
  /** The number of the frame in its connection. */
  serial: number
  /** Approximate memory size. */
  bytes: number
}

/** Headers by case-insensitive name; the first of repeated ones counts [STOMP 1.2 Repeated Header Entries]. */
export class ClientHeaders {
  readonly #values = new Map<string, string>()

  constructor(entries: Iterable<readonly [name: string, value: string]>) {
    for (const [name, value] of entries) {
      const key = name.toLowerCase()
      if (!this.#values.has(key)) this.#values.set(key, value)
    }
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())
  }

  /** Yields the names in lower case, with their values. */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#values.entries()
  }
}

export type FrameLimits = Pick<StompLimits, 'headersMax' | 'lineBytesMax' | 'headBytesMax' | 'bodyBytesMax'>

/** Reads frames from a stream of bytes, cut into any chunks. It reads every byte once, and retains no unused memory. */
export class FrameReader {
  readonly #limits: FrameLimits
  #phase: 'command' | 'headers' | 'body' | 'end' = 'command'
  /** Chunks pushed and not yet fully read. */
  #chunks: Buffer[] = []
  #at = 0
  /** The part of a line or body that earlier chunks contained. */
  readonly #gathered = new GrowingBytes()
  #command = ''
  #entries: [string, string][] = []
  #headBytes = 0
  #headers: ClientHeaders | undefined
  /** The content-length, if the frame has one. */
  #bodyBytes: number | undefined
  #body: Buffer | undefined
  #frames = 0

  constructor(limits: FrameLimits) {
    this.#limits = limits
  }

  /** Adds bytes, which must not be modified afterwards. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk)
  }

  /** Returns the next complete frame; undefined if there is none yet. @throws ChatError ProtocolError if malformed */
  next(): ClientFrame | undefined {
    for (let chunk = this.#chunks[0]; chunk; chunk = this.#chunks[0]) {
      const frame = this.#step(chunk)
      if (this.#at === chunk.length) {
        this.#chunks.shift()
        this.#at = 0
      }
      if (frame) return frame
    }
    return undefined
  }

  #step(chunk: Buffer): ClientFrame | undefined {
    switch (this.#phase) {
      case 'command':
        this.#readCommand(chunk)
        return undefined
      case 'headers':
        this.#readHeader(chunk)
        return undefined
      case 'body':
        this.#readBody(chunk)
        return undefined
      case 'end':
        return this.#readEnd(chunk)
    }
  }

  #readCommand(chunk: Buffer): void {
    // Line ends between frames are heart-beats [STOMP 1.2 Heart-beating].
    if (this.#gathered.length === 0) {
      while (this.#at < chunk.length) {
        if (chunk[this.#at] === lineFeed) this.#at += 1
        else if (chunk[this.#at] === carriageReturn && chunk[this.#at + 1] === lineFeed) this.#at += 2
        else break
      }
      if (this.#at === chunk.length) return
    }
    this.#mustBeginCommand(chunk)
    const line = this.#readLine(chunk)?.toString()
    if (!line) return // not complete yet, or a heart-beat split between chunks
    if (!clientCommands.has(line)) throw protocolFault('The command of a frame is unknown')
    this.#command = line
    this.#phase = 'headers'
  }

  /** Refuses bytes that cannot become a command at once, since their line may never end. */
  #mustBeginCommand(chunk: Buffer): void {
    const end = chunk.indexOf(lineFeed, this.#at)
    const next = chunk.subarray(this.#at, end < 0 ? chunk.length : end)
    const begun = this.#gathered.bytes.toString('latin1') + next.toString('latin1', 0, commandBytesMax + 2)
    if (begun === '\r' || [...clientCommands].some((command) => `${command}\r`.startsWith(begun))) return
    throw protocolFault('The command of a frame is unknown')
  }

  #readHeader(chunk: Buffer): void {
    const line = this.#readLine(chunk)
    if (line === undefined) return
    if (line.length === 0) {
      this.#beginBody()
      return
    }
    if (this.#entries.length === this.#limits.headersMax) {
      throw protocolFault(`A frame has more than ${this.#limits.headersMax} headers`)
    }
    const text = line.toString()
    const at = text.indexOf(':')
    if (at < 1) throw protocolFault(`A header of a ${this.#command} frame is not of the form name:value`)
    const name = text.slice(0, at)
    // A slice keeps the whole line in memory, here for as long as a subscription.
    const isStored = this.#command === 'SUBSCRIBE'
    const value = isStored ? line.toString('utf8', line.indexOf(colon) + 1) : text.slice(at + 1)
    this.#entries.push(
      unescapedCommands.has(this.#command) ? [name, value] : [unescapeHeader(name), unescapeHeader(value)],
    )
  }

  /** Reads up to the line feed, which may follow a carriage return [STOMP 1.2 STOMP Frames]. */
  #readLine(chunk: Buffer): Buffer | undefined {
    const { lineBytesMax, headBytesMax } = this.#limits
    const end = chunk.indexOf(lineFeed, this.#at)
    const part = chunk.subarray(this.#at, end < 0 ? chunk.length : end)
    const bytes = this.#gathered.length + part.length
    if (bytes > lineBytesMax)
      throw protocolFault(`A line of a frame's head is longer than ${lineBytesMax} bytes`)
    if (this.#headBytes + bytes > headBytesMax) {
      throw protocolFault(`The headers of a frame are longer than ${headBytesMax} bytes`)
    }
    if (end < 0) {
      this.#gathered.add(part)
      this.#at = chunk.length
      return undefined
    }
    this.#at = end + 1
    const line = this.#gathered.takeWith(part)
    if (!isUtf8(line)) throw protocolFault("A frame's head is not UTF-8") // [STOMP 1.2 Encoding]
    const content = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
    if (content.includes(carriageReturn) || content.includes(nul)) {
      throw protocolFault("A frame's head holds a carriage return or a NUL")
    }
    this.#headBytes += content.length === 0 ? 0 : line.length + 1
    return content
  }

  #beginBody(): void {
    this.#headers = new ClientHeaders(this.#entries)
    this.#bodyBytes = this.#contentLength(this.#headers)
    this.#phase = this.#bodyBytes === 0 ? 'end' : 'body'
  }

  #contentLength(headers: ClientHeaders): number | undefined {
    const text = headers.get('content-length')
    if (text === undefined) return undefined
    if (!/^\d{1,15}$/.test(text)) throw protocolFault('content-length is not a number of bytes')
    const bytes = Number(text)
    this.#checkBody(bytes)
    return bytes
  }

  /** A body ends at its content-length, so that it can contain NULs, or at the first NUL [STOMP 1.2 Body]. */
  #readBody(chunk: Buffer): void {
    const known = this.#bodyBytes
    const end = known === undefined ? chunk.indexOf(nul, this.#at) : this.#at + known - this.#gathered.length
    const isWhole = end >= 0 && end <= chunk.length
    const part = chunk.subarray(this.#at, isWhole ? end : chunk.length)
    this.#checkBody(this.#gathered.length + part.length)
    this.#at += part.length
    if (isWhole) {
      this.#body = this.#gathered.takeWith(part)
      this.#phase = 'end'
    } else {
      this.#gathered.add(part)
    }
  }

  #checkBody(bytes: number): void {
    const { bodyBytesMax } = this.#limits
    if (bytes > bodyBytesMax) throw protocolFault(`The body of a frame is longer than ${bodyBytesMax} bytes`)
    // [STOMP 1.2 Body]
    if (bytes > 0 && this.#command !== 'SEND') throw protocolFault(`A ${this.#command} frame has no body`)
  }

  #readEnd(chunk: Buffer): ClientFrame {
    if (chunk[this.#at] !== nul) throw protocolFault('No NUL follows the body of a frame')
    this.#at += 1
    this.#frames += 1
    const body = this.#body ?? noBytes
    const frame = {
      command: this.#command,
      headers: this.#headers ?? new ClientHeaders([]),
      body,
      serial: this.#frames,
      bytes: this.#headBytes + body.length,
    }
    this.#phase = 'command'
    this.#entries = []
    this.#headBytes = 0
    this.#headers = undefined
    this.#bodyBytes = undefined
    this.#body = undefined
    return frame
  }
}

/** Collects bytes that arrive in parts. Its capacity doubles, so many small parts cost no more than few large ones. */
export class GrowingBytes {
  length = 0
  #room: Buffer | undefined

  /** The bytes so far; valid only until the next call. */
  get bytes(): Buffer {
    return this.#room?.subarray(0, this.length) ?? noBytes
  }

  add(part: Buffer): void {
    const needed = this.length + part.length
    if (!this.#room || this.#room.length < needed) {
      const room = Buffer.allocUnsafeSlow(Math.max(256, needed, 2 * (this.#room?.length ?? 0)))
      this.#room?.copy(room, 0, 0, this.length)
      this.#room = room
    }
    part.copy(this.#room, this.length)
    this.length = needed
  }

  /** Returns all bytes and the last part, which is not copied if it is the only one, and resets the collector. */
  takeWith(last: Buffer): Buffer {
    if (this.length === 0) return last
    this.add(last)
    const whole = this.#room?.subarray(0, this.length) ?? last
    this.#room = undefined
    this.length = 0
    return whole
  }
}

const escapes: Record<string, string> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' }
const unescapes: Record<string, string> = { '\\': '\\', r: '\r', n: '\n', c: ':' }

/** Escapes a name or value for any frame except CONNECTED [STOMP 1.2 Value Encoding]. */
function escapeHeader(text: string): string {
  return /[\\\r\n:]/.test(text) ? text.replace(/[\\\r\n:]/g, (octet) => escapes[octet] ?? octet) : text
}

/** Unescapes a name or value. Undefined escapes are fatal [STOMP 1.2 Value Encoding]. */
function unescapeHeader(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(.?)/gsu, (_, letter: string) => {
    const octet = unescapes[letter]
    if (octet === undefined) throw protocolFault('A header holds an escape that STOMP 1.2 does not know')
    return octet
  })
}

/** Returns header lines with line feeds. Empty values are omitted: Android's parser stops at one [runtime 1.3]. */
export function headerLines(headers: Record<string, string>, isEscaped = true): string {
  let lines = ''
  for (const name in headers) {
    const value = headers[name] ?? ''
    // CONNECTED cannot escape a line end, which would begin another header.
    if (isEscaped) lines += headerLine(name, value)
    else if (value) lines += `${name}:${value.replace(/[\r\n]/g, ' ')}\n`
  }
  return lines
}

/** Returns a header line of any frame except CONNECTED; empty for an empty value. */
export function headerLine(name: string, value: string): string {
  return value ? `${escapeHeader(name)}:${escapeHeader(value)}\n` : ''
}

/** Returns the command and headers of a frame, to be followed by a SharedBody. */
export function frameHead(command: string, headers: Record<string, string>): string {
  return `${command}\n${headerLines(headers, !unescapedCommands.has(command))}`
}
