// Adds tracing to the real-time API: frames begin traces, and events continue the traces of their writers.
import type { Connection, Session } from '#realtime/sessions/session.ts'
import type { CommittedEvent } from '#resources/events.ts'
import type { ClientFrame } from '#stomp/frames.ts'
import type { StompHandler, StompMessage, StompSubscription } from '#stomp/handler.ts'
import type { MessageHead } from '#stomp/message-head.ts'
import type { SharedBody } from '#stomp/shared-body.ts'
import type { Tracing } from '#tracing/tracing.ts'

interface RealtimeParts {
  handler: StompHandler<Session>
  publish(events: CommittedEvent[]): Promise<void>
}

export function traceRealtime(tracing: Tracing, { handler, publish }: RealtimeParts): RealtimeParts {
  return {
    handler: new TracedFrames(tracing, handler),
    async publish(events) {
      const spans = events.flatMap((event) => {
        const { traceparent: parent } = event.payload
        if (parent === undefined) return []
        const span = tracing.begin(`publish ${event.type}`, {
          kind: 'producer',
          parent,
          ...(event.writtenAt !== undefined && { startTime: event.writtenAt }),
          attributes: { 'chatterie.position': event.position },
        })
        event.payload.traceparent = span.traceparent
        return [span]
      })
      try {
        await publish(events)
      } finally {
        for (const span of spans) span.end()
      }
    },
  }
}

class TracedFrames implements StompHandler<Session> {
  readonly #tracing: Tracing
  readonly #handler: StompHandler<Session>
  readonly outgoing?: NonNullable<StompHandler<Session>['outgoing']>

  constructor(tracing: Tracing, handler: StompHandler<Session>) {
    this.#tracing = tracing
    this.#handler = handler
    if (handler.outgoing) {
      this.outgoing = (connection: Connection, head: MessageHead, body: SharedBody) =>
        handler.outgoing?.(connection, head, body) ?? connection.deliver(head, body)
    }
  }

  connect(connection: Connection, frame: ClientFrame) {
    return this.#traced('CONNECT', frame, () => this.#handler.connect(connection, frame))
  }

  subscribe(connection: Connection, subscription: StompSubscription): Promise<void> {
    return this.#traced('SUBSCRIBE', subscription, () => this.#handler.subscribe(connection, subscription))
  }

  unsubscribe(connection: Connection, id: string): Promise<void> {
    return this.#handler.unsubscribe(connection, id)
  }

  send(connection: Connection, message: StompMessage): Promise<void> {
    return this.#traced('SEND', message, () => this.#handler.send(connection, message))
  }

  ack(connection: Connection, id: string): void {
    this.#handler.ack(connection, id)
  }

  nack(connection: Connection, id: string): void {
    this.#handler.nack(connection, id)
  }

  failed(connection: Connection, frame: ClientFrame, error: unknown): void {
    this.#handler.failed(connection, frame, error)
  }

  closed(connection: Connection, how: 'disconnect' | 'lost'): void {
    this.#handler.closed(connection, how)
  }

  isConcurrent(destination: string): boolean {
    return this.#handler.isConcurrent(destination)
  }

  /** Runs `serve` in a span, whose parent is the frame's `traceparent` header if it has one. */
  #traced<T>(
    command: string,
    { headers, destination }: Pick<ClientFrame, 'headers'> & { destination?: string },
    serve: () => Promise<T>,
  ): Promise<T> {
    return this.#tracing.run(
      command,
      {
        kind: 'server',
        parent: headers.get('traceparent'),
        ...(destination !== undefined && { attributes: { 'messaging.destination.name': destination } }),
      },
      serve,
    )
  }
}
