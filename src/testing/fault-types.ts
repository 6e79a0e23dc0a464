// Types of faults: what they apply to and what they do (testing contract 4).
import type { OperationId } from './operations.ts'
import type { DecidedEvent, WebhookEvent } from './webhook.ts'

/** Requests to the Platform API. Each given part must match; without any, all requests match. */
export interface RestTarget {
  operation?: OperationId
  method?: string
  /** A glob of the path as requested, such as `/v1/channels/**`: `*` within a segment, `**` across. */
  path?: string
}

/** Frames between a client and the server. */
export interface SocketTarget<F extends FrameName = FrameName> {
  frame: F
  /** A glob, as for paths. */
  destination?: string
  /** The type of the event in a MESSAGE, such as `thread.message.created`. */
  type?: string
  /** The user of the session. */
  username?: string
}

export type FrameName = 'CONNECT' | 'SUBSCRIBE' | 'SEND' | 'MESSAGE'

/** Runs of a chat function. */
export interface FunctionTarget {
  /** The name of the function. */
  function: string
}

/** Delivery attempts of a webhook. */
export interface WebhookTarget {
  /** The id of the webhook. */
  webhook: number
  /** The type of the delivered event, such as `message.created`. */
  type?: WebhookEvent | DecidedEvent | 'webhook.test'
}

export type FaultTarget = RestTarget | SocketTarget | FunctionTarget | WebhookTarget

/** Can be combined with another effect, or used alone. */
interface Delay {
  /** Milliseconds, or a range from which each delay is drawn. */
  delayMs?: number | [min: number, max: number]
}

type DelayOnly = Required<Delay>

/** The answer sent instead. */
interface Answer {
  status: number
  /** The `error` of the body. */
  error?: string
  message?: string
  headers?: Record<string, string>
  /** Replaces the whole body. */
  body?: unknown
}

export type RestFault = Delay &
  (
    | Answer
    | DelayOnly
    /** Resets the TCP connection. */
    | { reset: true }
    /** Sends no answer. */
    | { hang: true }
    /** Sends that many bytes of the body, then closes the connection. */
    | { truncateAfterBytes: number }
  ) & {
    /** Lets the request take effect first: a lost answer. */
    after?: boolean
  }

type Disconnect = { disconnect: true }
/** Sent to the client's queue of errors. */
type ErrorFrame = { error: { error: string; message: string } }
/** A dropped MESSAGE counts as not acknowledged, so a resumed session receives it. */
type Drop = { drop: true }
type Duplicate = { duplicate: true }

interface SocketEffects {
  /** `refuse` is the message of the ERROR frame. */
  CONNECT: { refuse: string } | ErrorFrame
  SUBSCRIBE: ErrorFrame | Drop
  SEND: ErrorFrame | Drop | Duplicate
  MESSAGE: Drop | Duplicate
}

export type SocketFault<F extends FrameName = FrameName> = Delay & (SocketEffects[F] | Disconnect | DelayOnly)

export type FunctionFault = Delay &
  ({ error: { error?: string; message?: string } } | { hang: true } | DelayOnly)

export type WebhookFault = Delay &
  (
    | {
        /** Returned as if the receiver had answered so. */
        status: number
        /** Only `retry-after` has an effect. */
        headers?: Record<string, string>
        body?: unknown
      }
    | DelayOnly
    /** Resets the TCP connection. */
    | { reset: true }
    /** Sends no answer for 20 s by the server's clock. */
    | { hang: true }
  ) & {
    /** Delivers to the receiver first: a lost answer. */
    after?: boolean
  }

/** The effects that are possible on a target. */
export type FaultEffect<T extends FaultTarget = FaultTarget> =
  T extends SocketTarget<infer F>
    ? SocketFault<F>
    : T extends FunctionTarget
      ? FunctionFault
      : T extends WebhookTarget
        ? WebhookFault
        : RestFault

/** How often a fault applies; every time if nothing is given. */
export interface FaultLimits {
  /** After that many times, the fault stays listed but no longer applies. */
  times?: number
  /** From 0 to 1. */
  probability?: number
  /** Makes the fault reproducible: the same requests meet the same faults. */
  seed?: number | string
}
