// What carries the bytes of one connection, and what the client said of itself when it opened it.
import type { IncomingHttpHeaders } from 'node:http'

/** A whole frame: what is its receiver's own, and what may be the same for many. */
export interface Frame {
  head: string
  headBytes: number
  body: Buffer
}

export function textOf({ head, body }: Frame): string {
  return head + body.toString()
}

/** A socket as the engine sees it. None of it throws. */
export interface Transport {
  /** Sends frames, together if that is cheaper. */
  send(frames: Frame[]): void
  /** What was sent and waits for the client to read it. */
  readonly bufferedBytes: number
  /** Grows with every byte that comes in. */
  readonly receivedBytes: number
  /** Reads no more once more than so many bytes came, and says so; until {@link free}. */
  confine(bytesMax: number, exceeded: () => void): void
  free(): void
  pause(): void
  resume(): void
  /** Closes after what was sent. */
  close(code: number): void
  /** Closes at once. */
  terminate(): void
}

/** What a transport reports to its connection. */
export interface Receiver {
  receive(chunk: Buffer): void
  /** The socket is closed; nothing else comes. */
  ended(): void
}

/** What is known of a request for a connection. */
interface OpeningRequest {
  httpVersion: string
  headers: IncomingHttpHeaders
  rawHeaders?: string[]
  socket: { remoteAddress?: string | undefined; encrypted?: boolean }
}

/**
 * Where a client sent its request, and from which address. What it throws refuses the request with 400, its message
 * for the client to read.
 */
export type Locate = (request: OpeningRequest) => { origin: string | undefined; address: string }

/** What a client's request said. */
export class StompRequest {
  readonly #url: string
  /** `http://host`; undefined where the client did not say. */
  readonly origin: string | undefined
  readonly address: string

  constructor(url: string | undefined, { origin, address }: ReturnType<Locate>) {
    this.#url = url ?? ''
    this.origin = origin
    this.address = address
  }

  get query(): URLSearchParams {
    const at = this.#url.indexOf('?')
    return new URLSearchParams(at < 0 ? '' : this.#url.slice(at + 1))
  }
}
