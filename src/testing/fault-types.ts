// What goes wrong, and when (testing contract 4).
import type { OperationId } from './operations.ts'

/** Requests to the Platform API; each part that is given must match, and without any all requests do. */
export interface RestTarget {
  operation?: OperationId
  method?: string
  /** As requested, such as `/v1/channels/*\/messages`: `*` within a segment, `**` across. */
  path?: string
}

/** Frames between a client and the server. */
export interface SocketTarget {
  frame: 'CONNECT' | 'SUBSCRIBE' | 'SEND' | 'MESSAGE'
  /** A glob, as for paths. */
  destination?: string
  /** Of the event that a MESSAGE tells of, such as `thread.message.created`. */
  type?: string
  /** Of whose session the frame is. */
  username?: string
}

/** Runs of a chat function. */
export interface FunctionTarget {
  function: string
}

/** Calls of a webhook. */
export interface WebhookTarget {
  webhook: string | number
}

export type FaultTarget = RestTarget | SocketTarget | FunctionTarget | WebhookTarget

/** What is answered instead. */
interface AnswerFault {
  status: number
  /** The `error` of the body. */
  error?: string
  message?: string
  headers?: Record<string, string>
  /** Takes the place of the whole body. */
  body?: unknown
}

interface DelayFault {
  /** Milliseconds, or a range from which each is drawn. */
  delayMs: number | [min: number, max: number]
}

type ConnectionFault =
  /** The TCP connection is reset. */
  | { reset: true }
  /** Nothing is answered. */
  | { hang: true }
  /** So many bytes of the body are sent, then the connection ends. */
  | { truncateAfterBytes: number }

export type RestFault = (AnswerFault | DelayFault | ConnectionFault) & {
  /** Lets the request take effect first: a lost answer. */
  after?: boolean
}

export type SocketFault =
  | { disconnect: true }
  /** Of a CONNECT: the ERROR frame says this. */
  | { refuse: string }
  /** Told on the queue of errors. */
  | { error: { error: string; message: string } }
  | DelayFault
  /** A MESSAGE that is dropped counts as not acknowledged, so a resumed session gets it. */
  | { drop: true }
  | { duplicate: true }

/** What may go wrong with a target. */
export type FaultEffect<T extends FaultTarget = FaultTarget> = T extends SocketTarget
  ? SocketFault
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
