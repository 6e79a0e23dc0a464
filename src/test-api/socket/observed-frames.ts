// A layer around the real-time API that exists only if the test API is on: it applies faults to frames (testing
// contract 4), and records them in the journal and in the coverage (testing contract 5).
import type { Context } from '#context.ts'
import { findKeyedApplication } from '#domain/applications/find-keyed-application.ts'
import { ChatError, type ErrorKind } from '#errors.ts'
import type { Realtime } from '#realtime/realtime.ts'
import type { Connection, Session } from '#realtime/sessions/session.ts'
import type { ClientFrame } from '#stomp/frames.ts'
import type { StompHandler, StompMessage, StompSubscription } from '#stomp/handler.ts'
import type { MessageHead } from '#stomp/message-head.ts'
import type { SharedBody } from '#stomp/shared-body.ts'
import type { SocketEffect } from '#test-api/faults/fault.ts'
import type { AppliedFault, FaultOccasions } from '#test-api/faults/kept.ts'
import type { FactsOf } from '#test-api/journal/fields.ts'
import { shownText } from '#test-api/requests/bodies.ts'
import type { TestApi } from '#test-api/state.ts'
import { readHello } from '#wire/generations.ts'

/** The client of a connection that belongs to a world. */
interface Client {
  worldId: number
  username: string
}

type Frame = FaultOccasions['frame']
type Shown = ReturnType<typeof shownText> & { type: string | undefined }

/** Thrown for a frame that is dropped on purpose; no error is sent for it. */
class Dropped extends ChatError {
  constructor() {
    super('ClientError', 'The frame was lost')
  }
}

export class ObservedFrames implements StompHandler<Session> {
  readonly #ctx: Context
  readonly #testApi: TestApi
  readonly #realtime: Realtime
  readonly #clients = new WeakMap<Connection, Client>()
  readonly #shown = new WeakMap<SharedBody, Shown>()

  constructor(ctx: Context, testApi: TestApi, realtime: Realtime) {
    this.#ctx = ctx
    this.#testApi = testApi
    this.#realtime = realtime
  }

  async connect(connection: Connection, frame: ClientFrame) {
    const { apiKey, username } = readHello(connection.request.query, frame.headers)
    const worldId = await findKeyedApplication(this.#ctx, apiKey).catch(() => undefined)
    if (worldId !== undefined && this.#testApi.isWorld(worldId)) {
      this.#clients.set(connection, { worldId, username })
      await this.#meet(connection, { frame: 'CONNECT', username })
    }
    return this.#realtime.connect(connection, frame)
  }

  async subscribe(connection: Connection, subscription: StompSubscription): Promise<void> {
    const { destination, ack } = subscription
    const client = this.#clients.get(connection)
    if (client) {
      this.#testApi.coverage.subscribed(client.worldId, destination)
      await this.#meet(connection, { frame: 'SUBSCRIBE', destination, username: client.username }, { ack })
    }
    return this.#realtime.subscribe(connection, subscription)
  }

  async unsubscribe(connection: Connection, id: string): Promise<void> {
    this.#note(connection, { frame: 'UNSUBSCRIBE', id })
    return this.#realtime.unsubscribe(connection, id)
  }

  async send(connection: Connection, message: StompMessage): Promise<void> {
    const { destination, body } = message
    const client = this.#clients.get(connection)
    if (client) {
      this.#testApi.coverage.sent(client.worldId, destination)
      const seen = { frame: 'SEND' as const, destination, username: client.username }
      const effect = await this.#meet(connection, seen, shownText(body.toString('utf8')))
      if (effect?.duplicate) await this.#realtime.send(connection, message)
    }
    return this.#realtime.send(connection, message)
  }

  outgoing(connection: Connection, head: MessageHead, body: SharedBody): boolean {
    const client = this.#clients.get(connection)
    const deliver = () => connection.deliver(head, body)
    if (!client || connection.state !== 'open') return deliver()
    const { worldId, username } = client
    const { destination, ack } = head
    const { type, ...shown } = this.#show(body)
    const fault = this.#testApi.faults.strike(worldId, 'frame', {
      frame: 'MESSAGE',
      destination,
      type,
      username,
    })
    this.#note(connection, { frame: 'MESSAGE', destination, type, fault: fault?.id, ...shown })
    if (ack !== undefined) this.#testApi.coverage.awaits(worldId, connection, { destination, ack })
    if (!fault) return deliver()
    const { drop, disconnect } = fault.effect
    void this.#carryOut(fault, connection, deliver)
    return !drop && !disconnect
  }

  /** Carries out a fault on a MESSAGE, after its delay; without a delay it is delivered synchronously, in order. */
  async #carryOut(
    fault: AppliedFault<SocketEffect>,
    connection: Connection,
    deliver: () => void,
  ): Promise<void> {
    const { drop, disconnect, duplicate, delayMs } = fault.effect
    if (delayMs !== undefined) await fault.delay()
    if (disconnect) {
      setImmediate(() => connection.terminate()) // after the undelivered message is recorded
    } else if (!drop) {
      deliver()
      if (duplicate) deliver()
    }
  }

  ack(connection: Connection, id: string): void {
    this.#testApi.coverage.acknowledged(connection, id)
    this.#realtime.ack(connection, id)
  }

  nack(connection: Connection, id: string): void {
    this.#realtime.nack(connection, id)
  }

  failed(connection: Connection, frame: ClientFrame, error: unknown): void {
    if (!(error instanceof Dropped)) this.#realtime.failed(connection, frame, error)
  }

  closed(connection: Connection, how: 'disconnect' | 'lost'): void {
    this.#note(connection, { frame: 'DISCONNECT', how })
    this.#realtime.closed(connection, how)
  }

  isConcurrent(destination: string): boolean {
    return this.#realtime.isConcurrent(destination)
  }

  /** Records a client's frame and applies a matching fault. @throws the error of the fault */
  async #meet(
    connection: Connection,
    frame: Frame,
    more: Omit<FactsOf<'frame'>, 'kind'> = {},
  ): Promise<SocketEffect | undefined> {
    const { worldId } = this.#clients.get(connection) as Client
    const fault = this.#testApi.faults.strike(worldId, 'frame', frame)
    this.#note(connection, { ...frame, ...more, fault: fault?.id })
    if (!fault) return undefined
    const { effect } = fault
    await fault.delay()
    if (effect.disconnect) {
      connection.terminate()
      throw new Dropped()
    }
    if (effect.drop) throw new Dropped()
    if (effect.refuse !== undefined) throw new ChatError('AccessDeniedError', effect.refuse)
    if (effect.error) throw named(effect.error)
    return effect
  }

  #note(connection: Connection, facts: Omit<FactsOf<'frame'>, 'kind'>): void {
    const client = this.#clients.get(connection)
    if (!client) return
    this.#testApi.note(client.worldId, this.#ctx.clock.now(), {
      kind: 'frame',
      username: client.username,
      ...facts,
    })
  }

  /** Parses a body once for all recipients of the same message. */
  #show(shared: SharedBody): Shown {
    const known = this.#shown.get(shared)
    if (known) return known
    const { text } = shared
    const type = /^\{"type":"([^"\\]*)"/.exec(text)?.[1]
    const shown = { type, ...shownText(text) }
    this.#shown.set(shared, shown)
    return shown
  }
}

/** Returns an error with any name, not only one of ours. */
function named({ error, message }: { error: string; message: string }): ChatError {
  return Object.assign(new ChatError('ClientError', message), { kind: error as ErrorKind })
}
