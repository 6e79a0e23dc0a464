// WebSocket transports: plain, and with the framing of SockJS.
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { closeFrame, messageFrame, sockJsBeatMs, textsOf } from './sock-js-framing.ts'
import { type Frame, type Receiver, type Transport, textOf } from './transport.ts'

/** TCP keepalive detects dead connections without heart-beats. */
const keepAliveMs = 60_000

const nothing = () => {}

export class WebSocketTransport implements Transport {
  protected readonly ws: WebSocket
  readonly #socket: Socket
  #free = nothing

  constructor(ws: WebSocket, socket: Socket) {
    this.ws = ws
    this.#socket = socket
    socket.setKeepAlive(true, keepAliveMs)
  }

  /** Passes received bytes to the receiver. */
  attach(receiver: Receiver): void {
    this.ws.on('message', (data) => receiver.receive(bytesOf(data)))
    this.ws.on('close', () => receiver.ended())
    // Broken framing, text that is not UTF-8, or a message that is too large: 'close' follows.
    this.ws.on('error', () => undefined)
  }

  /**
   * Sends each frame as one message, since not every native client splits batches, but all in one write of one buffer.
   * `ws` would write the head and payload of each message separately. Its own frames, such as a close, it writes whole
   * and at once, as compression is off, so they cannot interleave with ours.
   */
  send(frames: Frame[]): void {
    if (this.ws.readyState !== this.ws.OPEN) return
    const bytes = reserveBytes(sizeOf(frames))
    writeTextMessages(bytes, frames)
    this.#socket.write(bytes)
    if (this.#socket.writableLength === 0) giveBack(bytes)
  }

  get bufferedBytes(): number {
    return this.ws.bufferedAmount
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead
  }

  /** Counts at the socket, because `ws` does not report incomplete messages. */
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
    this.#free = () => {
      this.#socket.off('data', count)
      this.#free = nothing
    }
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

/** The WebSocket transport of SockJS. */
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

  override send(frames: Frame[]): void {
    this.ws.send(messageFrame(frames.map(textOf)))
  }

  override close(code: number): void {
    this.ws.send(closeFrame(code))
    super.close(code)
  }
}

/** Buffer in which messages are assembled. Room whose bytes the system accepts at once is reused for the next. */
let room = Buffer.allocUnsafeSlow(64 * 1024)
let roomAt = 0

function reserveBytes(bytes: number): Buffer {
  if (bytes > room.length) return Buffer.allocUnsafeSlow(bytes)
  if (bytes > room.length - roomAt) {
    room = Buffer.allocUnsafeSlow(room.length)
    roomAt = 0
  }
  roomAt += bytes
  return room.subarray(roomAt - bytes, roomAt)
}

/** Returns the room that was taken last. */
function giveBack(bytes: Buffer): void {
  if (bytes.buffer === room.buffer) roomAt -= bytes.length
}

function sizeOf(frames: Frame[]): number {
  let size = 0
  for (const frame of frames) size += headBytesOf(frame) + lengthOf(frame)
  return size
}

/** Writes each frame as a text message, which a server does not mask [RFC 6455 5.2]. */
function writeTextMessages(bytes: Buffer, frames: Frame[]): void {
  let at = 0
  for (const frame of frames) {
    at = writeHead(bytes, at, lengthOf(frame))
    const { head, headBytes, body } = frame
    at += bytes.write(head, at, head.length === headBytes ? 'latin1' : 'utf8')
    bytes.set(body, at)
    at += body.length
  }
}

const lengthOf = ({ headBytes, body }: Frame): number => headBytes + body.length

/** Returns the size of the head of a frame's WebSocket message. */
function headBytesOf(frame: Frame): number {
  const length = lengthOf(frame)
  if (length < 126) return 2
  return length < 0x1_0000 ? 4 : 10
}

const wholeText = 0x81

/** Writes the head of a WebSocket message. @returns the offset of its end */
function writeHead(bytes: Buffer, at: number, length: number): number {
  bytes[at] = wholeText
  if (length < 126) {
    bytes[at + 1] = length
    return at + 2
  }
  if (length < 0x1_0000) {
    bytes[at + 1] = 126
    return bytes.writeUInt16BE(length, at + 2)
  }
  bytes[at + 1] = 127
  return bytes.writeBigUInt64BE(BigInt(length), at + 2)
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
