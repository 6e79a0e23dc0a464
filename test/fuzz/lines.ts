// Transports of STOMP: WebSocket, WebSocket with SockJS framing, and SockJS by polling.

import { once } from 'node:events'
import { type IRawFrameType, Parser } from '@stomp/stompjs'
import { v4 as uuid } from 'uuid'
import { WebSocket } from 'ws'

export const carriers = ['/rtm', '/rtm/websocket', '/stompx', 'sockjs', 'polling'] as const
export type Carrier = (typeof carriers)[number]

export interface Heard {
  command: string
  headers: Record<string, string>
  body: string
}

/** A client's connection. */
export interface Line {
  send(bytes: Buffer): void
  /** Closes the connection without a close frame. */
  cut(): void
  readonly heard: Heard[]
  /** How it ended; undefined while it is open. */
  readonly ended: string | undefined
  /** Called with each event. */
  onChange: () => void
}

abstract class BaseLine implements Line {
  readonly heard: Heard[] = []
  ended: string | undefined
  onChange = () => {}
  readonly #parser = new Parser(
    ({ command = '', headers, binaryBody }: IRawFrameType) => {
      const body = Buffer.from(binaryBody ?? []).toString()
      this.heard.push({ command, headers: Object.fromEntries(headers.toReversed()), body })
      this.onChange()
    },
    () => undefined,
  )

  abstract send(bytes: Buffer): void
  abstract cut(): void

  protected end(how: string): void {
    this.ended ??= how
    this.onChange()
  }

  protected take(text: string): void {
    this.#parser.parseChunk(text)
  }

  /** Handles a SockJS frame. */
  protected takeFramed(text: string): void {
    if (text.startsWith('a')) for (const each of JSON.parse(text.slice(1))) this.take(each)
    if (text.startsWith('c')) this.end(text)
  }
}

class SocketLine extends BaseLine {
  readonly #ws: WebSocket
  readonly #isFramed: boolean

  constructor(ws: WebSocket, isFramed: boolean) {
    super()
    this.#ws = ws
    this.#isFramed = isFramed
    ws.on('message', (data: Buffer) =>
      isFramed ? this.takeFramed(data.toString()) : this.take(data.toString()),
    )
    ws.on('error', () => undefined) // `close` follows
    ws.on('close', (code) => this.end(String(code)))
  }

  send(bytes: Buffer): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return
    this.#ws.send(this.#isFramed ? JSON.stringify([bytes.toString()]) : bytes)
  }

  cut(): void {
    this.#ws.terminate()
  }
}

class PollingLine extends BaseLine {
  readonly #url: string
  readonly #query: string
  readonly #abort = new AbortController()
  #opened = () => {}
  /** A session exists once its first poll is answered. */
  #lastSend: Promise<unknown> = new Promise<void>((resolve) => {
    this.#opened = resolve
  })

  constructor(url: string, query: string) {
    super()
    this.#url = url
    this.#query = query
    void this.#poll()
  }

  async #poll(): Promise<void> {
    try {
      for (;;) {
        const answer = await this.#post('xhr', undefined)
        const text = await answer.text()
        if (!answer.ok) return this.end(`${answer.status} ${text}`)
        this.#opened()
        for (const each of text.split('\n')) this.takeFramed(each)
        if (text.startsWith('c')) return
      }
    } catch (error) {
      this.end(`polling: ${error}`)
    }
  }

  #post(transport: string, body: string | undefined): Promise<Response> {
    const { signal } = this.#abort
    return fetch(`${this.#url}/${transport}${this.#query}`, {
      method: 'POST',
      signal,
      ...(body !== undefined && { body }),
    })
  }

  send(bytes: Buffer): void {
    const body = JSON.stringify([bytes.toString()])
    const sent = this.#lastSend.then(async () => {
      const { status } = await this.#post('xhr_send', body)
      if (status !== 204) this.end(`sending: ${status}`)
    })
    this.#lastSend = sent.catch((error) => this.end(`sending: ${error}`))
  }

  cut(): void {
    this.#abort.abort()
  }
}

/** Opens a connection without sending frames. @returns the connection, or the status of a refusal */
export async function openLine(port: number, carrier: Carrier, apiKey: string): Promise<Line | number> {
  const query = `?api-key=${encodeURIComponent(apiKey.toWellFormed())}`
  const session = `/rtm/000/${uuid()}`
  if (carrier === 'polling') return new PollingLine(`http://127.0.0.1:${port}${session}`, query)
  const isFramed = carrier === 'sockjs'
  const path = isFramed ? `${session}/websocket` : carrier
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}${query}`, isFramed ? [] : ['v12.stomp'])
  const line = new SocketLine(ws, isFramed)
  const [refusal] = await Promise.race([
    once(ws, 'open'),
    once(ws, 'unexpected-response').then(([, answer]) => [answer]),
  ])
  if (!refusal) return line
  ws.terminate()
  return refusal.statusCode
}
