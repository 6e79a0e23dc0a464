// WebSocket as a transport: plain, or with the framing of SockJS inside.
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { closeFrame, messageFrame, sockJsBeatMs, textsOf } from './sock-js-framing.ts'
import type { Receiver, Transport } from './transport.ts'

const asText = { binary: false }

/** TCP finds the dead among those that want no heart-beats. */
const keepAliveMs = 60_000

export class WebSocketTransport implements Transport {
  protected readonly ws: WebSocket
  readonly #socket: Socket
  #free = () => {}

  constructor(ws: WebSocket, socket: Socket) {
    this.ws = ws
    this.#socket = socket
    socket.setKeepAlive(true, keepAliveMs)
  }

  /** Has the receiver get what comes in. */
  attach(receiver: Receiver): void {
    this.ws.on('message', (data) => receiver.receive(bytesOf(data)))
    this.ws.on('close', () => receiver.ended())
    // Broken framing, text that is not UTF-8, a message too large: 'close' follows.
    this.ws.on('error', () => undefined)
  }

  /**
   * One frame is one message, since not every native client takes several apart; but they are one write. On loopback,
   * 2 KiB bodies to 1,000 sockets: bare `ws` 143k deliveries/s, frames written in fours 354k; all four in one message
   * 328k, and raw writes with a WebSocket header of our own 411k, which is not worth a private way to the socket.
   */
  send(frames: Buffer[]): void {
    if (frames.length > 1) this.#socket.cork()
    for (const frame of frames) this.ws.send(frame, asText)
    if (frames.length > 1) this.#socket.uncork()
  }

  get bufferedBytes(): number {
    return this.ws.bufferedAmount
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead
  }

  /** Of a message that is not whole yet, `ws` tells nothing. */
  confine(bytesMax: number, exceeded: () => void): void {
    let bytes = 0
    const count = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) return
      this.free()
      this.ws.pause()
      exceeded()
    }
    this.#socket.on('data', count)
    this.#free = () => this.#socket.off('data', count)
  }

  free(): void {
    this.#free()
  }

  pause(): void {
    this.ws.pause()
  }

  resume(): void {
    this.ws.resume()
  }

  close(code: number): void {
    this.ws.close(code)
  }

  terminate(): void {
    this.ws.terminate()
  }
}

/** SockJS' own use of WebSocket. */
export class SockJsWebSocketTransport extends WebSocketTransport {
  override attach(receiver: Receiver): void {
    const beat = setInterval(() => this.ws.send('h'), sockJsBeatMs)
    super.attach({
      receive: (chunk) => {
        const texts = textsOf(chunk.toString())
        if (texts) for (const text of texts) receiver.receive(Buffer.from(text))
        else this.terminate()
      },
      ended: () => {
        clearInterval(beat)
        receiver.ended()
      },
    })
    this.ws.send('o')
  }

  override send(frames: Buffer[]): void {
    const texts = frames.map((frame) => frame.toString())
    this.ws.send(messageFrame(texts))
  }

  override close(code: number): void {
    this.ws.send(closeFrame(code))
    super.close(code)
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
