// The client side of a WebSocket, on a bare socket: thousands of them share one read buffer, which leaves the cores to
// the measured server.
import { connect, type Socket } from 'node:net'

/** Shared, because sockets are read one after another and no data is kept. */
const room = Buffer.allocUnsafe(256 * 1024)

const opcodes = { text: 0x1, close: 0x8 }
const maskKey = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

export class WebSocketClient {
  readonly #socket: Socket
  /** Called with each part of the content of messages; the parts must not be kept. */
  take: (part: Buffer) => void = () => {}
  /** Called when the connection ends, which only the server does. */
  lost: (error: Error) => void = () => {}
  /** The end of a chunk with an incomplete frame header. */
  #rest: Buffer | undefined
  /** The remaining bytes of the current payload. */
  #missing = 0
  #isOver = false

  /** Resolves when the server has accepted the handshake. */
  static async open(port: number, path: string): Promise<WebSocketClient> {
    let client: WebSocketClient | undefined
    let head = ''
    return new Promise((resolve, reject) => {
      const accept = (chunk: Buffer) => {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!head.startsWith('HTTP/1.1 101 ')) {
          socket.destroy(new Error(`Refused: ${head}`))
          return
        }
        client = new WebSocketClient(socket)
        resolve(client)
        client.#read(Buffer.from(head.slice(end + 4), 'latin1'))
      }
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: room,
          callback: (length) => {
            const chunk = room.subarray(0, length)
            if (client) client.#read(chunk)
            else accept(chunk)
            return true
          },
        },
      })
      socket.on('connect', () => socket.write(handshake(path)))
      socket.on('error', (error) => (client ? client.#over(error) : reject(error)))
      socket.on('close', () => (client ? client.#over(closed) : reject(closed)))
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  send(text: string): void {
    this.#socket.write(masked(opcodes.text, Buffer.from(text)))
  }

  #over(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.lost(error)
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    this.#rest = undefined
    let at = 0
    for (;;) {
      if (this.#missing === 0) {
        const size = headBytes(bytes, at)
        if (bytes.length - at < size) {
          if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at))
          return
        }
        if (((bytes[at] ?? 0) & 0xf) === opcodes.close) {
          this.#socket.end(masked(opcodes.close, Buffer.alloc(0)))
          return
        }
        this.#missing = payloadBytes(bytes, at, size)
        at += size
      }
      const part = bytes.subarray(at, at + this.#missing)
      this.#missing -= part.length
      at += part.length
      if (part.length > 0) this.take(part)
      if (this.#missing > 0) return
    }
  }
}

const closed = new Error('The server closed the connection')

function handshake(path: string): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'host: chat.example.com',
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol: v12.stomp',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Returns the length of a frame header [RFC 6455 5.2]; needs its first two bytes. */
function headBytes(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & 0x7f
  if (length < 126) return 2
  return length === 126 ? 4 : 10
}

function payloadBytes(bytes: Buffer, at: number, head: number): number {
  if (head === 2) return (bytes[at + 1] ?? 0) & 0x7f
  return head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** Frames a payload; clients must mask what they send [RFC 6455 5.3]. */
function masked(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const isShort = length < 126
  const head = Buffer.alloc(isShort ? 2 : 4)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (isShort ? length : 126)
  if (!isShort) head.writeUInt16BE(length, 2) // payloads here are short
  for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (maskKey[at & 3] ?? 0)
  return Buffer.concat([head, maskKey, payload])
}
