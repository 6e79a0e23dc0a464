import { ChatError } from '#errors.ts'
import { presentRefusal } from '#wire/problem.ts'

/** Returns the error for a violation of the protocol, which ends the connection. */
export function protocolFault(message: string): ChatError {
  return new ChatError('ProtocolError', message)
}

/** Returns the body of an ERROR frame as JSON. @param at its time, in milliseconds since the epoch */
export function errorBody(error: ChatError, at: number): string {
  return JSON.stringify(presentRefusal(error, at))
}

/** Returns the answer to an invalid request for a connection as JSON. @param at as above */
export function badRequestBody(message: string, at: number): string {
  return errorBody(new ChatError('ClientError', message), at)
}
