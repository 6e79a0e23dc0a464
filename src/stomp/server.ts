// Attaches the engine to an HTTP server: STOMP over WebSocket and SockJS, beside the server's other requests.
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '#clock/clock.ts'
import type { StompConnection } from './connection.ts'
import { type ConnectionOptions, Connections } from './connections.ts'
import { badRequestBody } from './error.ts'
import { defaultLimits, type StompLimits } from './limits.ts'
import { SockJsServer } from './sock-js.ts'
import { type Locate, StompRequest, type Transport } from './transport.ts'
import { UpgradeQueue } from './upgrade-queue.ts'
import { SockJsWebSocketTransport, WebSocketTransport } from './web-socket.ts'

export interface StompServer {
  /** Number of open connections. */
  readonly count: number
  /** Number of slow readers that were cut off. */
  readonly cutOff: number
  /** Stops accepting clients, serves the frames already read and closes; see {@link Connections.close}. */
  close(): Promise<void>
}

export interface StompOptions<S> extends Omit<ConnectionOptions<S>, 'limits'> {
  /** Paths of the socket, without `/websocket` at the end. */
  paths: string[]
  locate: Locate
  limits?: Partial<StompLimits>
}

/** A message above the limits of a frame gets an ERROR; above this many times the limits, it is not read at all. */
const messagesOfFrame = 2

/**
 * Serves STOMP under each path: over WebSocket, with and without `/websocket`, and over SockJS. Other requests still go
 * to the server's own listeners; other WebSockets are answered with 404.
 */
export function attachStomp<S>(server: Server, options: StompOptions<S>): StompServer {
  const { paths, locate, clock } = options
  const limits = { ...defaultLimits, ...options.limits }
  const connections = new Connections({ ...options, limits })
  const { open } = connections
  const messageBytesMax = messagesOfFrame * (limits.bodyBytesMax + limits.headBytesMax)
  const webSockets = webSocketServer({ paths, locate, clock, maxPayload: messageBytesMax, open })
  const upgrades = new UpgradeQueue()
  const sockJs = new SockJsServer({
    prefixes: paths,
    locate,
    clock,
    bodyBytesMax: messageBytesMax,
    opened: open,
  })
  const detach = [
    overrideUpgrades(server, (request, socket, head) => {
      const fail = () => socket.destroy() // while it waits, it has no other listener
      socket.once('error', fail)
      upgrades.pass(() => {
        socket.off('error', fail)
        if (connections.isClosing) refuseUpgrade(socket, '503 Service Unavailable')
        else if (!webSockets(request, socket, head)) refuseUpgrade(socket, '404 Not Found')
      })
    }),
    interceptRequests(server, (request, response) => sockJs.serve(request, response)),
  ]
  return {
    get count() {
      return connections.count
    },
    get cutOff() {
      return connections.cutOff
    },
    async close() {
      await connections.close()
      for (const undo of detach) undo()
    },
  }
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

interface WebSocketOptions {
  paths: string[]
  locate: Locate
  clock: Pick<Clock, 'now'>
  maxPayload: number
  open(transport: Transport, request: StompRequest): StompConnection<unknown>
}

/** Returns a function that opens WebSockets, and that returns whether the path is one of theirs. */
function webSocketServer({
  paths,
  locate,
  clock,
  maxPayload,
  open,
}: WebSocketOptions): (...upgrade: Parameters<Upgrade>) => boolean {
  const plain = new Set(paths.flatMap((path) => [path, `${path}/websocket`]))
  const sockJsPath = /^(.+)\/[^/.]+\/[^/.]+\/websocket$/
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // 300 KiB per connection
    maxPayload,
    // Clients that offer this protocol abort if it is not selected [STOMP over WebSocket].
    handleProtocols: (offered) => (offered.has('v12.stomp') ? 'v12.stomp' : false),
  })
  return (request, socket, head) => {
    const path = request.url?.split('?')[0]?.replace(/\/$/, '') ?? ''
    const isSockJs = paths.includes(sockJsPath.exec(path)?.[1] ?? '')
    if (!isSockJs && !plain.has(path)) return false
    let opening: StompRequest
    try {
      opening = new StompRequest(request.url, locate(request))
    } catch (error) {
      refuseUpgrade(socket, '400 Bad Request', badRequestBody((error as Error).message, clock.now()))
      return true
    }
    const accept = (ws: WebSocket) => {
      // The Duplex of an HTTP server is always a Socket.
      const Carrier = isSockJs ? SockJsWebSocketTransport : WebSocketTransport
      const transport = new Carrier(ws, socket as Socket)
      transport.attach(open(transport, opening))
    }
    sockets.handleUpgrade(request, socket, head, accept)
    return true
  }
}

/** Upgrades only WebSockets; requests that offer other protocols, such as h2c, are served as plain requests. */
function overrideUpgrades(server: Server, upgrade: Upgrade): () => void {
  // An option of http.createServer that is kept as a property, which the types omit.
  const settings = server as unknown as { shouldUpgradeCallback(request: IncomingMessage): boolean }
  const before = settings.shouldUpgradeCallback
  settings.shouldUpgradeCallback = ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket'
  server.on('upgrade', upgrade)
  return () => {
    settings.shouldUpgradeCallback = before
    server.off('upgrade', upgrade)
  }
}

function refuseUpgrade(socket: Duplex, status: string, body = ''): void {
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  const length = Buffer.byteLength(body)
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
  )
}

/** Calls `serve` before the existing listeners, which receive the requests that it does not serve. */
function interceptRequests(
  server: Server,
  serve: (...request: Parameters<RequestListener>) => boolean,
): () => void {
  const listeners = server.listeners('request')
  const answer: RequestListener = (request, response) => {
    if (serve(request, response)) return
    for (const listener of listeners) listener.call(server, request, response)
  }
  server.removeAllListeners('request')
  server.on('request', answer)
  return () => {
    server.off('request', answer)
    for (const listener of listeners) server.on('request', listener as RequestListener)
  }
}
