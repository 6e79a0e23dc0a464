// SockJS over HTTP, for clients without WebSocket: the reference server serves its streaming and polling transports.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Clock } from '#clock/clock.ts'
import { badRequestBody } from './error.ts'
import { GrowingBytes } from './frames.ts'
import { closeReason, sockJsBeatMs } from './sock-js-framing.ts'
import { type Frame, type Locate, type Receiver, StompRequest, type Transport, textOf } from './transport.ts'

/**
 * The path below the prefix: server, session and transport. Nothing else is served. `htmlfile` and `jsonp`, for browsers
 * of the past, would put what clients send into a page or a script of this origin, where the console is.
 */
const sessionPath = /^\/[^/.]+\/([^/.]+)\/(xhr|xhr_streaming|eventsource|xhr_send)$/

/** The path from which clients first request the available transports. */
const infoPath = '/info'

/** A client's connection at the reference server, whose types omit these members. */
interface SockJsConnection {
  url: string
  pathname: string
  headers: Record<string, string>
  remoteAddress?: string
  write(text: string): boolean
  close(code: number, reason: string): boolean
  on(event: 'data', listener: (message: unknown) => void): void
  on(event: 'close', listener: () => void): void
  /** The only way to see the messages that a client has not fetched. */
  _session: { send_buffer: string[]; recv: { response: ServerResponse | null } | null }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => boolean

interface SockJsOptions {
  /** Path prefixes, without a slash at the end. */
  prefixes: string[]
  locate: Locate
  clock: Pick<Clock, 'now'>
  /** Maximum size of a request's body. */
  bodyBytesMax: number
  /** Called when a client connects. Returns the receiver of its messages. */
  opened(transport: Transport, request: StompRequest): Receiver
}

export class SockJsServer {
  readonly #options: SockJsOptions
  /** The reference server's listeners by prefix; loaded for the first client. */
  #listeners: Promise<Map<string, Listener>> | undefined
  /** Sessions by name, for all prefixes together as in the reference server. */
  readonly #sessions = new Map<string, SockJsTransport>()

  constructor(options: SockJsOptions) {
    this.#options = options
  }

  async #load(): Promise<Map<string, Listener>> {
    const { default: sockjs } = await import('sockjs')
    const server = sockjs.createServer({ heartbeat_delay: sockJsBeatMs, log: () => undefined })
    server.on('connection', (connection: SockJsConnection | null) => {
      if (connection) this.#open(connection)
    })
    // The types omit this method.
    const { middleware } = server as unknown as { middleware(options: { prefix: string }): Listener }
    const { prefixes } = this.#options
    return new Map(prefixes.map((prefix) => [prefix, middleware.call(server, { prefix })]))
  }

  /** Answers a request if it is for SockJS. @returns whether it is */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.split('?')[0] ?? ''
    const [, prefix = '', rest = ''] = /^(\/[^/]+)(\/.+)$/.exec(path) ?? []
    if (!this.#options.prefixes.includes(prefix)) return false
    const [, session = '', transport] = sessionPath.exec(rest) ?? []
    if (!transport && rest !== infoPath) return false
    // The reference server keeps sessions in a plain object, which already has these names.
    if (session in Object.prototype) return false
    response.on('error', () => undefined) // from writing to a client that is gone
    const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse
    // The reference server answers 500 to malformed requests.
    response.writeHead = (status: number, ...rest: unknown[]) =>
      writeHead(status === 500 ? 400 : status, ...rest)
    try {
      this.#options.locate(request)
    } catch (error) {
      refuse(response, 400, badRequestBody((error as Error).message, this.#options.clock.now()))
      return true
    }
    response.setHeader('x-content-type-options', 'nosniff')
    const isSend = request.method === 'POST' && transport === 'xhr_send'
    void this.#answer(request, response, { prefix, session, isSend })
    return true
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { prefix, session, isSend }: { prefix: string; session: string; isSend: boolean },
  ): Promise<void> {
    this.#listeners ??= this.#load()
    const listener = (await this.#listeners).get(prefix) as Listener
    if (isSend) return this.#serveSend(session, listener, request, response)
    listener(request, response)
    this.#sessions.get(session)?.fetched()
  }

  #open(connection: SockJsConnection): void {
    const session = connection.pathname.split('/').at(-2) ?? ''
    const transport = new SockJsTransport(connection)
    this.#sessions.set(session, transport)
    const { url, headers, remoteAddress } = connection
    const located = this.#options.locate({ httpVersion: '1.1', headers, socket: { remoteAddress } })
    const receiver = this.#options.opened(transport, new StompRequest(url, located))
    transport.attach({
      receive: (chunk) => receiver.receive(chunk),
      ended: () => {
        this.#sessions.delete(session)
        receiver.ended()
      },
    })
  }

  /** Reads the body first: the reference server would accept any size, and copy it all for each part that arrives. */
  async #serveSend(
    session: string,
    listener: Listener,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const transport = this.#sessions.get(session)
    if (!transport) {
      response.writeHead(404).end()
      return
    }
    await transport.inTurn(async () => {
      const body = await this.#read(request, transport.bytesMax)
      if (!body) {
        response.writeHead(413, { connection: 'close' }).end()
        return
      }
      // The reference server reads only these properties of a request.
      const { method, url, headers } = request
      const whole = Object.assign(Readable.from([body]), { method, url, headers })
      listener(whole as unknown as IncomingMessage, response)
      await once(whole, 'end')
    })
  }

  /** Returns the body, or undefined if it is too large or the request is aborted. */
  async #read(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
    const bodyBytesMax = Math.min(bytesMax, this.#options.bodyBytesMax)
    if (Number(request.headers['content-length']) > bodyBytesMax) return undefined
    const body = new GrowingBytes()
    try {
      for await (const part of request) {
        body.add(part)
        if (body.length > bodyBytesMax) return undefined
      }
    } catch {
      return undefined
    }
    return body.takeWith(Buffer.alloc(0))
  }
}

function refuse(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}

class SockJsTransport implements Transport {
  readonly #connection: SockJsConnection
  readonly #session: SockJsConnection['_session']
  #receiver: Receiver | undefined
  receivedBytes = 0
  /** Maximum size of the next request. */
  bytesMax = Number.POSITIVE_INFINITY
  /** Characters sent since the client last fetched all messages. */
  #unfetched = 0
  #paused: PromiseWithResolvers<void> | undefined
  #isClosing = false
  #lastTurn: Promise<void> = Promise.resolve()

  constructor(connection: SockJsConnection) {
    this.#connection = connection
    this.#session = connection._session
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver
    this.#connection.on('data', (message) => {
      if (typeof message !== 'string') return // the framing contains only texts
      this.receivedBytes += message.length
      this.bytesMax -= message.length
      receiver.receive(Buffer.from(message))
    })
    this.#connection.on('close', () => receiver.ended())
  }

  send(frames: Frame[]): void {
    const text = frames.map(textOf).join('')
    this.#unfetched += text.length
    this.#connection.write(text)
  }

  get bufferedBytes(): number {
    const { send_buffer, recv } = this.#session
    if (send_buffer.length === 0) this.#unfetched = 0
    return this.#unfetched + (recv?.response?.writableLength ?? 0)
  }

  /** Limits the client's requests; larger ones are answered with 413. */
  confine(bytesMax: number): void {
    this.bytesMax = bytesMax
  }

  free(): void {
    this.bytesMax = Number.POSITIVE_INFINITY
  }

  /** Leaves the client's messages waiting in their requests. */
  pause(): void {
    this.#paused ??= Promise.withResolvers()
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = undefined
  }

  /** Runs `take` for one request after the other, and not while the connection is paused. */
  inTurn(take: () => Promise<void>): Promise<void> {
    const turn = async () => {
      while (this.#paused) await this.#paused.promise
      await take()
    }
    this.#lastTurn = this.#lastTurn.then(turn).catch(() => undefined)
    return this.#lastTurn
  }

  /** Closes without a handshake: the connection ends when the client's current or next request is answered. */
  close(code: number): void {
    this.resume()
    const isListening = this.#session.recv !== null
    this.#connection.close(code, closeReason)
    this.#isClosing = true
    if (isListening) this.fetched()
  }

  /** Called when the client has been sent all waiting messages. */
  fetched(): void {
    if (this.#isClosing) setImmediate(() => this.#receiver?.ended())
  }

  terminate(): void {
    const { recv } = this.#session
    this.#session.send_buffer = []
    this.close(cutOffCode)
    recv?.response?.destroy()
  }
}

/** Policy violation [RFC 6455 7.4.1]. */
const cutOffCode = 1008
