// The interface of a connection's transport, and the request that opened the connection.
import type { IncomingHttpHeaders } from 'node:http'

/** A complete frame: the head is specific to its receiver, the body may be shared by many. */
export interface Frame {
  head: string
  headBytes: number
  body: Buffer
}

export function textOf({ head, body }: Frame): string {
  return head + body.toString()
}

/** A socket as the engine uses it. No method throws. */
export interface Transport {
  /** Sends frames, in one write if that is cheaper. */
  send(frames: Frame[]): void
  /** Number of bytes sent and not yet read by the client. */
  readonly bufferedBytes: number
  /** Total number of bytes received. */
  readonly receivedBytes: number
  /** Until {@link free}, stops reading and calls `exceeded` once more than `bytesMax` bytes have arrived. */
  confine(bytesMax: number, exceeded: () => void): void
  free(): void
  pause(): void
  resume(): void
  /** Closes after the frames sent so far. */
  close(code: number): void
  /** Closes at once. */
  terminate(): void
}

/** What a transport reports to its connection. */
export interface Receiver {
  receive(chunk: Buffer): void
  /** Called when the socket is closed; nothing else is received. */
  ended(): void
}

/** The parts of an opening request that {@link Locate} may use. */
interface OpeningRequest {
  httpVersion: string
  headers: IncomingHttpHeaders
  rawHeaders?: string[]
  socket: { remoteAddress?: string | undefined; encrypted?: boolean }
}

/**
 * Returns the origin to which a client sent its request, and the client's address. If it throws, the request is refused
 * with 400 and the error's message.
 */
export type Locate = (request: OpeningRequest) => { origin: string | undefined; address: string }

/** The request that opened a connection. */
export class StompRequest {
  readonly #url: string
  /** `http://host`; undefined if the client did not name a host. */
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
