import { ChatError } from '#errors.ts'
import { presentRefusal } from '#wire/problem.ts'
import type { ClientFrame } from './frames.ts'

/** Returns the error for a violation of the protocol, which ends the connection. */
export function protocolFault(message: string): ChatError {
  return new ChatError('ProtocolError', message)
}

/**
 * Returns the headers of an ERROR frame, for its body see {@link errorBody} [STOMP 1.2 ERROR].
 * @param frame the client's frame that caused the error, if any
 */
export function errorHeaders(error: ChatError, frame: ClientFrame | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    // The version that the server supports [STOMP 1.2 Protocol Negotiation].
    version: '1.2',
    message: error.kind,
    'receipt-id': frame?.headers.get('receipt') ?? '',
  }
}

/** Returns the body of an ERROR frame as JSON. @param at its time, in milliseconds since the epoch */
export function errorBody(error: ChatError, at: number): string {
  return JSON.stringify(presentRefusal(error, at))
}

/** Returns the answer to an invalid request for a connection as JSON. @param at as above */
export function badRequestBody(message: string, at: number): string {
  return errorBody(new ChatError('ClientError', message), at)
}
