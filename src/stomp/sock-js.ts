// SockJS over HTTP, for clients without WebSocket: its streaming and polling transports, by the reference server.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Clock } from '#clock/clock.ts'
import { badRequestBody } from './error.ts'
import { GrowingBytes } from './frames.ts'
import { closeReason, sockJsBeatMs } from './sock-js-framing.ts'
import { type Frame, type Locate, type Receiver, StompRequest, type Transport, textOf } from './transport.ts'

/** The parts of a path below the prefix: server, session and transport. Nothing else is served, no page of theirs. */
const sessionPath = /^\/[^/.]+\/([^/.]+)\/(xhr|xhr_streaming|eventsource|htmlfile|jsonp|xhr_send|jsonp_send)$/

/** Where clients begin; they ask it for the transports. */
const infoPath = '/info'

/** Those of a client's own connection to the reference server; its types name neither these nor the rest of ours. */
interface SockJsConnection {
  url: string
  pathname: string
  headers: Record<string, string>
  remoteAddress?: string
  write(text: string): boolean
  close(code: number, reason: string): boolean
  on(event: 'data', listener: (message: unknown) => void): void
  on(event: 'close', listener: () => void): void
  /** There is no other way to see what waits for a client that does not fetch it. */
  _session: { send_buffer: string[]; recv: { response: ServerResponse | null } | null }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => boolean

interface SockJsOptions {
  /** Where it is, without slash at the end. */
  prefixes: string[]
  locate: Locate
  clock: Pick<Clock, 'now'>
  /** Of what a client sends in one request. */
  bodyBytesMax: number
  /** A client is there; gives who gets what it sends. */
  opened(transport: Transport, request: StompRequest): Receiver
}

export class SockJsServer {
  readonly #options: SockJsOptions
  /** The reference server, by prefix; loaded for the first client that comes. */
  #listeners: Promise<Map<string, Listener>> | undefined
  /** The reference server keeps one for all prefixes, too. */
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
    // The types leave this method out.
    const { middleware } = server as unknown as { middleware(options: { prefix: string }): Listener }
    const { prefixes } = this.#options
    return new Map(prefixes.map((prefix) => [prefix, middleware.call(server, { prefix })]))
  }

  /** Whether the request is for SockJS; then it is answered. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.split('?')[0] ?? ''
    const [, prefix = '', rest = ''] = /^(\/[^/]+)(\/.+)$/.exec(path) ?? []
    if (!this.#options.prefixes.includes(prefix)) return false
    const [, session = '', transport] = sessionPath.exec(rest) ?? []
    if (!transport && rest !== infoPath) return false
    // The reference server keeps sessions in an object, which has such names of its own.
    if (session in Object.prototype) return false
    response.on('error', () => undefined) // of writing to one who is gone
    const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse
    // What the reference server calls its own fault is a malformed request.
    response.writeHead = (status: number, ...rest: unknown[]) =>
      writeHead(status === 500 ? 400 : status, ...rest)
    try {
      this.#options.locate(request)
    } catch (error) {
      refuse(response, 400, badRequestBody((error as Error).message, this.#options.clock.now()))
      return true
    }
    const isSend = request.method === 'POST' && transport?.endsWith('_send') === true
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

  /** The reference server would take a body of any size, at any time, copying all of it with each part that arrives. */
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
      // Of a request, the reference server reads no more than these.
      const { method, url, headers } = request
      const whole = Object.assign(Readable.from([body]), { method, url, headers })
      listener(whole as unknown as IncomingMessage, response)
      await once(whole, 'end')
    })
  }

  /** Gives the body, or undefined if it is too large or does not come. */
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
  /** Of the next request. */
  bytesMax = Number.POSITIVE_INFINITY
  /** Of texts, since the client last fetched all of them. */
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
      if (typeof message !== 'string') return // the framing holds texts alone
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

  /** A request that is larger is answered 413. */
  confine(bytesMax: number): void {
    this.bytesMax = bytesMax
  }

  free(): void {
    this.bytesMax = Number.POSITIVE_INFINITY
  }

  /** What the client sends waits in its requests. */
  pause(): void {
    this.#paused ??= Promise.withResolvers()
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = undefined
  }

  /** Takes what a client sends: one request after the other, and none while the connection is not read. */
  inTurn(take: () => Promise<void>): Promise<void> {
    const turn = async () => {
      while (this.#paused) await this.#paused.promise
      await take()
    }
    this.#lastTurn = this.#lastTurn.then(turn).catch(() => undefined)
    return this.#lastTurn
  }

  /** There is no handshake: it is over when the client was answered, which may be when it asks next. */
  close(code: number): void {
    this.resume()
    const isListening = this.#session.recv !== null
    this.#connection.close(code, closeReason)
    this.#isClosing = true
    if (isListening) this.fetched()
  }

  /** The client was given all that waits for it. */
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

/** [RFC 6455 7.4.1]: policy. */
const cutOffCode = 1008
