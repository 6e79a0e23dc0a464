// An application of the engine for tests: a SEND to a destination is delivered to all of its subscribers.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { realClock } from '#clock/clock.ts'
import { ChatError } from '#errors.ts'
import type { StompConnection } from '#stomp/connection.ts'
import { Fanout } from '#stomp/fanout.ts'
import type { ClientFrame } from '#stomp/frames.ts'
import type { StompHandler, StompMessage, StompSubscription } from '#stomp/handler.ts'
import type { StompLimits } from '#stomp/limits.ts'
import { messageHead } from '#stomp/message-head.ts'
import { attachStomp, type StompServer } from '#stomp/server.ts'
import { shareBody } from '#stomp/shared-body.ts'

type Connection = StompConnection<string>

export class Board implements StompHandler<string> {
  /** The calls of the handler, in order, such as `send /a` or `closed lost`. */
  readonly calls: string[] = []
  readonly bodies: string[] = []
  readonly connections = new Set<Connection>()
  readonly #subscribers = new Map<string, Map<Connection, string>>()
  readonly #fanout = new Fanout()
  /** Promises that calls for a destination wait for. */
  readonly gates = new Map<string, Promise<void>>()
  running = 0
  runningMost = 0
  #messages = 0

  /** Refuses the login `reject`, and fails with an internal error for `explode`; accepts any other. */
  async connect(connection: Connection, { headers }: ClientFrame) {
    const name = headers.get('login') ?? 'nobody'
    await this.gates.get(name)
    if (name === 'reject') throw new ChatError('AccessDeniedError', 'Not you')
    if (name === 'explode') throw new Error('secret')
    this.connections.add(connection)
    this.calls.push(`connect ${name}`)
    return { state: name, headers: { session: name, origin: connection.request.origin ?? '' } }
  }

  /** Answers destinations that begin with `/read/` with one message; fails for those that begin with `/refused`. */
  async subscribe(connection: Connection, { id, destination }: StompSubscription): Promise<void> {
    this.running += 1
    this.runningMost = Math.max(this.runningMost, this.running)
    await this.gates.get(destination)
    this.running -= 1
    if (destination.startsWith('/refused')) throw new Error('no')
    this.calls.push(`subscribe ${destination}`)
    if (this.isConcurrent(destination)) {
      connection.message(
        messageHead({ subscription: id, destination, 'message-id': 'r' }),
        shareBody(`read ${id}`),
      )
      return
    }
    const subscribers = this.#subscribers.get(destination) ?? new Map<Connection, string>()
    this.#subscribers.set(destination, subscribers.set(connection, id))
  }

  async unsubscribe(connection: Connection, id: string): Promise<void> {
    this.calls.push(`unsubscribe ${id}`)
    for (const subscribers of this.#subscribers.values()) {
      if (subscribers.get(connection) === id) subscribers.delete(connection)
    }
  }

  async send(_: Connection, { destination, body }: StompMessage): Promise<void> {
    await this.gates.get(destination)
    if (destination.startsWith('/refused')) throw new Error('no')
    this.calls.push(`send ${destination}`)
    this.bodies.push(body.toString())
    await this.publish(destination, body.toString())
  }

  async publish(destination: string, text: string): Promise<void> {
    this.#messages += 1
    const body = shareBody(text, { destination, 'message-id': `${this.#messages}` })
    await this.#fanout.forEach(this.#subscribers.get(destination) ?? [], ([connection, subscription]) =>
      connection.message(messageHead({ subscription }), body),
    )
  }

  ack(_: Connection, id: string): void {
    this.calls.push(`ack ${id}`)
  }

  nack(_: Connection, id: string): void {
    this.calls.push(`nack ${id}`)
  }

  failed(connection: Connection, { headers }: ClientFrame, error: unknown): void {
    const receipt = headers.get('receipt') ?? ''
    const text = (error as Error).message
    connection.message(
      messageHead({ subscription: 'errors', destination: '/errors', receipt }),
      shareBody(text),
    )
  }

  closed(connection: Connection, how: 'disconnect' | 'lost'): void {
    this.connections.delete(connection)
    for (const subscribers of this.#subscribers.values()) subscribers.delete(connection)
    this.calls.push(`closed ${how}`)
  }

  isConcurrent(destination: string): boolean {
    return destination.startsWith('/read/')
  }

  /** Holds calls for the destination. @returns a function that releases them */
  hold(destination: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gates.set(destination, promise)
    return () => {
      this.gates.delete(destination)
      resolve()
    }
  }
}

export interface BoardServer {
  board: Board
  stomp: StompServer
  server: Server
  port: number
  /** Log lines with their fields. */
  logged: { level: string; fields: Record<string, unknown>; message: string }[]
  close(): Promise<void>
}

/** Starts a server with a board, which answers other requests with `plain <path>`. */
export async function openBoard(limits: Partial<StompLimits> = {}): Promise<BoardServer> {
  const board = new Board()
  const logged: BoardServer['logged'] = []
  const log = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields: { ...fields }, message })
  }
  const server = createServer((request, response) => {
    response.end(`plain ${request.url}`)
  })
  const stomp = attachStomp(server, {
    clock: realClock,
    paths: ['/rtm', '/stompx'],
    handler: board,
    locate: ({ headers, socket }) => ({
      origin: `http://${headers.host}`,
      address: socket.remoteAddress ?? '',
    }),
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    limits,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    board,
    stomp,
    server,
    port: (server.address() as AddressInfo).port,
    logged,
    async close() {
      await stomp.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
