// The interface between the engine and its application.
import type { StompConnection } from './connection.ts'
import type { ClientFrame, ClientHeaders } from './frames.ts'
import type { MessageHead } from './message-head.ts'
import type { SharedBody } from './shared-body.ts'

export type AckMode = 'auto' | 'client' | 'client-individual'

export interface StompSubscription {
  id: string
  destination: string
  ack: AckMode
  headers: ClientHeaders
}

export interface StompMessage {
  destination: string
  headers: ClientHeaders
  /** The client's bytes, which may not be valid UTF-8. */
  body: Buffer
}

/**
 * Calls for one connection are made one after the other, in the order of its frames; only ACK, NACK and concurrent
 * SUBSCRIBEs do not wait. A frame that requests a RECEIPT is answered with it when its call resolves.
 */
export interface StompHandler<S> {
  /**
   * Handles CONNECT or STOMP. Returns the session, and the headers of CONNECTED besides version and heart-beat.
   * @throws ChatError to refuse the connection, which gets an ERROR frame and is closed
   */
  connect(
    connection: StompConnection<S>,
    frame: ClientFrame,
  ): Promise<{ state: S; headers: Record<string, string> }>
  /** Resolves when the subscription is registered. */
  subscribe(connection: StompConnection<S>, subscription: StompSubscription): Promise<void>
  /** Ends a subscription. The id is that of a current subscription. */
  unsubscribe(connection: StompConnection<S>, id: string): Promise<void>
  send(connection: StompConnection<S>, message: StompMessage): Promise<void>
  ack(connection: StompConnection<S>, id: string): void
  nack(connection: StompConnection<S>, id: string): void
  /** Called with an error of subscribe, unsubscribe or send. The frame gets no RECEIPT; the connection stays open. */
  failed(connection: StompConnection<S>, frame: ClientFrame, error: unknown): void
  /**
   * Called once, if connect resolved, when the connection has ended or its DISCONNECT was served. No other call for the
   * connection is running, or will be made.
   */
  closed(connection: StompConnection<S>, how: 'disconnect' | 'lost'): void
  /** Returns whether a SUBSCRIBE is a single read, which runs concurrently and whose id is free once it resolves. */
  isConcurrent(destination: string): boolean
  /** Delivers a MESSAGE in place of {@link StompConnection.deliver}. @returns whether it was sent */
  outgoing?(connection: StompConnection<S>, head: MessageHead, body: SharedBody): boolean
}
