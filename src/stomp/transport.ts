// What carries the bytes of one connection, and what the client said of itself when it opened it.

/** A socket as the engine sees it. None of it throws. */
export interface Transport {
  /** Sends whole frames, together if that is cheaper. */
  send(frames: Buffer[]): void
  /** What was sent and waits for the client to read it. */
  readonly bufferedBytes: number
  /** Grows with every byte that comes in. */
  readonly receivedBytes: number
  pause(): void
  resume(): void
  /** Closes after what was sent. */
  close(code: number): void
  /** Closes at once. */
  terminate(): void
}

/** What a transport tells its connection. */
export interface Receiver {
  receive(chunk: Buffer): void
  /** The socket is closed; nothing else comes. */
  ended(): void
}

interface Facts {
  url?: string | undefined
  headers: Record<string, string | string[] | undefined>
  socket: { remoteAddress?: string | undefined; encrypted?: boolean }
}

/** What a client's request told; proxies are believed, as everywhere. */
export class StompRequest {
  readonly #url: string
  /** The base of absolute links, `http://host`. */
  readonly origin: string
  readonly address: string

  constructor({ url = '', headers, socket }: Facts) {
    this.#url = url
    const forwarded = first(headers['x-forwarded-proto'])
    const isSecure = forwarded === undefined ? socket.encrypted : forwarded === 'https'
    const host = first(headers['x-forwarded-host']) ?? first(headers.host)
    this.origin = URL.parse(`http${isSecure ? 's' : ''}://${host}`)?.origin ?? 'http://localhost'
    this.address = first(headers['x-forwarded-for']) ?? socket.remoteAddress ?? ''
  }

  get query(): URLSearchParams {
    const at = this.#url.indexOf('?')
    return new URLSearchParams(at < 0 ? '' : this.#url.slice(at + 1))
  }
}

/** Of a list that every proxy appends to. */
function first(header: string | string[] | undefined): string | undefined {
  return header?.toString().split(',')[0]?.trim() || undefined
}
