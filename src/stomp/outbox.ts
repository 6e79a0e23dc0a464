// What a client is sent: gathered until the turn ends, and bounded by what it may leave unread.

import type { Tally } from './engine.ts'
import type { Flusher } from './flusher.ts'
import { frameHead } from './frames.ts'
import type { StompLimits } from './limits.ts'
import type { MessageHead } from './message-head.ts'
import type { SharedBody } from './shared-body.ts'
import type { Frame, Transport } from './transport.ts'

/** What waits to be written is handed to the socket from this size on. */
const flushBytes = 64 * 1024

const nothing = { bytes: Buffer.alloc(0) }

interface OutboxOptions {
  flusher: Flusher
  limits: StompLimits
  tally: Pick<Tally, 'sent'>
  /** The client left too much unread, and what would be written now is not. */
  overflowed(): void
}

export class Outbox {
  readonly #transport: Transport
  readonly #options: OutboxOptions
  #frames: Frame[] = []
  #bytes = 0
  /** What the client had yet to read when the first of these frames came: to ask for each would cost as much as the rest. */
  #unreadBytes = 0

  constructor(transport: Transport, options: OutboxOptions) {
    this.#transport = transport
    this.#options = options
  }

  /** What was written and waits for the client to read it. */
  get waitingBytes(): number {
    return this.#bytes + this.#transport.bufferedBytes
  }

  /** Sends a frame after those before it, unless the client is too slow. */
  send(command: string, headers: Record<string, string>, body: Pick<SharedBody, 'bytes'>): void {
    this.#options.tally.sent(command)
    const head = frameHead(command, headers)
    this.#write(head, Buffer.byteLength(head), body)
  }

  /** As {@link send}. */
  sendMessage({ text, bytes }: MessageHead, body: Pick<SharedBody, 'bytes'>): void {
    this.#options.tally.sent('MESSAGE')
    this.#write(text, bytes, body)
  }

  #write(head: string, headBytes: number, { bytes: body }: Pick<SharedBody, 'bytes'>): void {
    const { flusher, limits, overflowed } = this.#options
    if (this.#frames.length === 0) this.#unreadBytes = this.#transport.bufferedBytes
    if (this.#unreadBytes + this.#bytes > limits.bufferedBytesMax) {
      overflowed()
      return
    }
    if (this.#frames.length === 0) flusher.add(this)
    this.#frames.push({ head, headBytes, body })
    this.#bytes += headBytes + body.length
    if (this.#bytes >= flushBytes) this.flush()
  }

  /** Sends a line feed and nothing else. */
  beat(): void {
    this.#write('\n', 1, nothing)
  }

  /** Hands over what waits. */
  flush(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.drop()
    this.#transport.send(frames)
  }

  /** Forgets what waits. */
  drop(): void {
    this.#frames = []
    this.#bytes = 0
  }
}
