// What an application of the engine implements.
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
  /** The client's bytes; not checked to be UTF-8. */
  body: Buffer
}

/**
 * Calls for one connection come one after the other, in the order of its frames; only ACK, NACK and concurrent
 * SUBSCRIBEs do not wait. A frame that asks for a RECEIPT gets it when its call resolves.
 */
export interface StompHandler<S> {
  /**
   * CONNECT or STOMP. Gives the connection's session and what CONNECTED says besides version and heart-beat. A
   * ChatError refuses: what it says goes into an ERROR frame, then the connection closes.
   */
  connect(
    connection: StompConnection<S>,
    frame: ClientFrame,
  ): Promise<{ state: S; headers: Record<string, string> }>
  /** Resolves when the subscription is registered. */
  subscribe(connection: StompConnection<S>, subscription: StompSubscription): Promise<void>
  /** The id is that of a subscription which stands. */
  unsubscribe(connection: StompConnection<S>, id: string): Promise<void>
  send(connection: StompConnection<S>, message: StompMessage): Promise<void>
  ack(connection: StompConnection<S>, id: string): void
  nack(connection: StompConnection<S>, id: string): void
  /** What subscribe, unsubscribe or send threw; the frame gets no RECEIPT, and the connection goes on. */
  failed(connection: StompConnection<S>, frame: ClientFrame, error: unknown): void
  /** The connection is over, and no other call for it is running. Called once, if connect resolved. */
  closed(connection: StompConnection<S>, how: 'disconnect' | 'lost'): void
  /** Whether a SUBSCRIBE is a one-shot read, which runs beside others and whose id is free when it resolves. */
  isConcurrent(destination: string): boolean
  /** Delivers a MESSAGE, where it is not simply delivered. @returns whether it is on its way */
  outgoing?(connection: StompConnection<S>, head: MessageHead, body: SharedBody): boolean
}
