// What goes wrong, and when (testing contract 4).
import type { OperationId } from './operations.ts'
import type { DecidedEvent, WebhookEvent } from './webhook.ts'

/** Requests to the Platform API; each part that is given must match, and without any all requests do. */
export interface RestTarget {
  operation?: OperationId
  method?: string
  /** A glob of the path as requested, such as `/v1/channels/**`: `*` within a segment, `**` across. */
  path?: string
}

/** Frames between a client and the server. */
export interface SocketTarget<F extends FrameName = FrameName> {
  frame: F
  /** A glob, as of paths. */
  destination?: string
  /** Of the event that a MESSAGE tells of, such as `thread.message.created`. */
  type?: string
  /** Of whose session the frame is. */
  username?: string
}

export type FrameName = 'CONNECT' | 'SUBSCRIBE' | 'SEND' | 'MESSAGE'

/** Runs of a chat function. */
export interface FunctionTarget {
  /** Its name. */
  function: string
}

/** Attempts to deliver to a webhook. */
export interface WebhookTarget {
  /** Its id. */
  webhook: number
  /** Of what is delivered, such as `message.created`. */
  type?: WebhookEvent | DecidedEvent | 'webhook.test'
}

export type FaultTarget = RestTarget | SocketTarget | FunctionTarget | WebhookTarget

/** Beside something else that goes wrong, or alone. */
interface Delay {
  /** Milliseconds, or a range from which each is drawn. */
  delayMs?: number | [min: number, max: number]
}

type JustDelay = Required<Delay>

/** What is answered instead. */
interface Answer {
  status: number
  /** The `error` of the body. */
  error?: string
  message?: string
  headers?: Record<string, string>
  /** Takes the place of the whole body. */
  body?: unknown
}

export type RestFault = Delay &
  (
    | Answer
    | JustDelay
    /** The TCP connection is reset. */
    | { reset: true }
    /** Nothing is answered. */
    | { hang: true }
    /** So many bytes of the body are sent, then the connection ends. */
    | { truncateAfterBytes: number }
  ) & {
    /** Lets the request take effect first: a lost answer. */
    after?: boolean
  }

type Disconnect = { disconnect: true }
/** Told on the client's queue of errors. */
type ErrorFrame = { error: { error: string; message: string } }
/** A MESSAGE that is dropped counts as not acknowledged, so a resumed session gets it. */
type Drop = { drop: true }
type Duplicate = { duplicate: true }

interface SocketEffects {
  /** `refuse` is what the ERROR frame says. */
  CONNECT: { refuse: string } | ErrorFrame
  SUBSCRIBE: ErrorFrame | Drop
  SEND: ErrorFrame | Drop | Duplicate
  MESSAGE: Drop | Duplicate
}

export type SocketFault<F extends FrameName = FrameName> = Delay & (SocketEffects[F] | Disconnect | JustDelay)

export type FunctionFault = Delay &
  ({ error: { error?: string; message?: string } } | { hang: true } | JustDelay)

export type WebhookFault = Delay &
  (
    | {
        /** As if the receiver answered so. */
        status: number
        /** Of which `retry-after` counts. */
        headers?: Record<string, string>
        body?: unknown
      }
    | JustDelay
    /** The TCP connection is reset. */
    | { reset: true }
    /** Nothing is answered for 20 s, by the server's clock. */
    | { hang: true }
  ) & {
    /** The receiver gets it first: a lost answer. */
    after?: boolean
  }

/** What may go wrong with a target. */
export type FaultEffect<T extends FaultTarget = FaultTarget> =
  T extends SocketTarget<infer F>
    ? SocketFault<F>
    : T extends FunctionTarget
      ? FunctionFault
      : T extends WebhookTarget
        ? WebhookFault
        : RestFault

/** How often it goes wrong; every time, where nothing is said. */
export interface FaultLimits {
  /** So many times; then the fault stays listed and no longer applies. */
  times?: number
  /** From 0 to 1. */
  probability?: number
  /** With one, the same requests meet the same faults. */
  seed?: number | string
}
