// The outgoing frames of a connection: gathered until flushed, and bounded by what the client may leave unread.

import type { Tally } from './engine.ts'
import type { Flusher } from './flusher.ts'
import { frameHead } from './frames.ts'
import type { StompLimits } from './limits.ts'
import type { MessageHead } from './message-head.ts'
import type { SharedBody } from './shared-body.ts'
import type { Frame, Transport } from './transport.ts'

/** Waiting frames are written to the socket once they reach this size. */
const flushBytes = 64 * 1024

const nothing = { bytes: Buffer.alloc(0) }

interface OutboxOptions {
  flusher: Flusher
  limits: StompLimits
  tally: Pick<Tally, 'sent'>
  /** Called instead of writing a frame if the client has left too much unread. */
  overflowed(): void
}

export class Outbox {
  readonly #transport: Transport
  readonly #options: OutboxOptions
  #frames: Frame[] = []
  #bytes = 0
  /** Unread bytes when the first waiting frame was added; asking the transport for each frame is too expensive. */
  #unreadBytes = 0

  constructor(transport: Transport, options: OutboxOptions) {
    this.#transport = transport
    this.#options = options
  }

  /** Number of bytes sent and not yet read by the client. */
  get waitingBytes(): number {
    return this.#bytes + this.#transport.bufferedBytes
  }

  /** Sends a frame after the previous ones, unless the client is too slow. */
  send(command: string, headers: Record<string, string>, body: Pick<SharedBody, 'bytes'>): void {
    this.#options.tally.sent(command)
    const head = frameHead(command, headers)
    this.#write(head, Buffer.byteLength(head), body)
  }

  /** Sends a MESSAGE; see {@link send}. */
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

  /** Sends a heart-beat, which is a line feed. */
  beat(): void {
    this.#write('\n', 1, nothing)
  }

  /** Writes the waiting frames to the socket. */
  flush(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.drop()
    this.#transport.send(frames)
  }

  /** Discards the waiting frames. */
  drop(): void {
    this.#frames = []
    this.#bytes = 0
  }
}
