// Records the frames of the clients in this process without changing them.
import { type IRawFrameType, Parser } from '@stomp/stompjs'

export interface Frame {
  /** C: from the client; S: from the server. */
  from: 'C' | 'S'
  command: string
  headers: Record<string, string>
  body: string
}

/** All frames that one user's client has sent and received, on all of its sockets. */
export class Wire {
  readonly frames: Frame[] = []
  readonly sockets: WebSocket[] = []
  readonly #pending = new Map<string, string | undefined>()

  add(frame: Frame): void {
    this.frames.push(frame)
    const { command, headers } = frame
    if (command === 'SUBSCRIBE' || command === 'SEND') {
      if (headers.receipt !== undefined) this.#pending.set(headers.receipt, headers.id)
      else if (headers.destination?.includes('.relay')) this.#pending.set(headers.id ?? '', headers.id)
    } else if (command === 'RECEIPT') {
      this.#pending.delete(headers['receipt-id'] ?? '')
    } else if (command === 'MESSAGE') {
      this.#pending.delete(headers.subscription ?? '')
      if (!headers.destination?.startsWith('/user/queue/')) return
      for (const [receipt, id] of this.#pending) {
        if (receipt === headers['receipt-id'] || (id !== undefined && id === headers['subscription-id'])) {
          this.#pending.delete(receipt)
        }
      }
    }
  }

  /** Whether the server has answered every frame that requires an answer. */
  get isAnswered(): boolean {
    return this.#pending.size === 0
  }

  /** Whether the client is subscribed to this topic, and the server has confirmed it. */
  listensTo(destination: string): boolean {
    const isOfIt = ({ command, headers }: Frame) =>
      command === 'SUBSCRIBE' && headers.destination === destination
    return this.isAnswered && this.frames.some(isOfIt)
  }

  get connects(): number {
    return this.frames.filter(({ command }) => command === 'CONNECT').length
  }

  /** Cuts the connection, like a network failure. */
  cut(): void {
    for (const socket of this.sockets) if (socket.readyState === WebSocket.OPEN) socket.close()
  }
}

const wires = new Map<string, Wire>()
const original = globalThis.WebSocket

/** Starts to record. */
export function tapWebSockets(): void {
  globalThis.WebSocket = TappedWebSocket as typeof original
}

/** Returns the recorded frames of a user's client. */
export function wireOf(apiKey: string, username: string): Wire {
  const key = `${apiKey} ${username}`
  const wire = wires.get(key) ?? new Wire()
  wires.set(key, wire)
  return wire
}

/** Records frames for the given recorder. */
export class TappedWebSocket extends original {
  #wire: Wire | undefined
  readonly #parser = parser('C', (frame) => {
    if (frame.command === 'CONNECT') {
      const { searchParams: said } = new URL(this.url)
      const apiKey = said.get('api-key') ?? said.get('api_key') ?? ''
      this.#wire = wireOf(apiKey, frame.headers['StompX-User'] ?? said.get('stompx_user') ?? '')
      this.#wire.sockets.push(this)
    }
    this.#wire?.add(frame)
  })

  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    const incoming = parser('S', (frame) => this.#wire?.add(frame))
    this.addEventListener('message', ({ data }) => incoming.parseChunk(data as string | ArrayBuffer))
  }

  override send(data: string | ArrayBuffer): void {
    this.#parser.parseChunk(data)
    super.send(data)
  }
}

function parser(from: 'C' | 'S', onFrame: (frame: Frame) => void): Parser {
  return new Parser(
    ({ command, headers, binaryBody }: IRawFrameType) => {
      onFrame({
        from,
        command: command ?? '',
        headers: Object.fromEntries(headers as unknown as [string, string][]),
        body: binaryBody === undefined ? '' : new TextDecoder().decode(binaryBody),
      })
    },
    () => undefined,
  )
}
