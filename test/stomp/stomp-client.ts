// A STOMP client that sends exactly the given frames, and exposes what it receives.
import { once } from 'node:events'
import { type IRawFrameType, Parser } from '@stomp/stompjs'
import { WebSocket } from 'ws'

export interface ServerFrame {
  command: string
  headers: Record<string, string>
  body: string
}

/** Returns a serialized frame; a content-length is not added to the headers. */
export function frame(command: string, headers: Record<string, string> = {}, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
  return `${[command, ...lines].join('\n')}\n\n${body}\0`
}

export class StompClient {
  readonly ws: WebSocket
  readonly frames: ServerFrame[] = []
  /** Received WebSocket messages, as text. */
  readonly messages: string[] = []
  beats = 0
  /** Resolves with the code of the closing handshake. */
  readonly closed: Promise<number>
  #taken = 0
  #arrived = () => {}

  /** Opens a socket and sends nothing. */
  static async open(port: number, path = '/rtm/websocket', protocols = ['v12.stomp']): Promise<StompClient> {
    const client = new StompClient(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols))
    await once(client.ws, 'open')
    return client
  }

  /** Opens a socket and a STOMP session; resolves when it is CONNECTED. */
  static async connect(
    port: number,
    headers: Record<string, string> = {},
    path?: string,
  ): Promise<StompClient> {
    const client = await StompClient.open(port, path)
    client.send(frame('CONNECT', { 'accept-version': '1.2', ...headers }))
    const { command, body } = await client.next()
    if (command !== 'CONNECTED') throw new Error(`${command}: ${body}`)
    return client
  }

  private constructor(ws: WebSocket) {
    this.ws = ws
    const parser = new Parser(
      (raw) => this.#take(raw),
      () => {
        this.beats += 1
      },
    )
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) throw new Error('The server speaks text')
      this.messages.push(data.toString())
      parser.parseChunk(data.toString())
    })
    ws.on('error', () => {})
    this.closed = new Promise((resolve) => {
      ws.on('close', (code) => {
        resolve(code)
        this.#arrived()
      })
    })
  }

  #take({ command = '', headers, binaryBody }: IRawFrameType): void {
    this.frames.push({
      command,
      headers: Object.fromEntries(headers.toReversed()),
      body: Buffer.from(binaryBody ?? []).toString(),
    })
    this.#arrived()
  }

  send(...data: (string | Buffer)[]): void {
    for (const each of data) this.ws.send(each)
  }

  /** Resolves with the next frame not taken yet. @throws Error if the socket is closed */
  async next(): Promise<ServerFrame> {
    for (;;) {
      const found = this.frames[this.#taken]
      if (found) {
        this.#taken += 1
        return found
      }
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error('The server closed the socket')
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  /** Sends a frame with a receipt and waits for the RECEIPT. @returns the frames before it */
  async ask(command: string, headers: Record<string, string>, body = ''): Promise<ServerFrame[]> {
    const receipt = `receipt-${this.frames.length}-${Math.random()}`
    this.send(frame(command, { ...headers, receipt }, body))
    const before: ServerFrame[] = []
    for (;;) {
      const next = await this.next()
      if (next.command === 'RECEIPT' && next.headers['receipt-id'] === receipt) return before
      before.push(next)
    }
  }
}
