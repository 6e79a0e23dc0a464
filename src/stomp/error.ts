import { ChatError } from '#errors.ts'
import { presentRefusal } from '#wire/problem.ts'

/** The client broke a rule of the protocol, which ends its connection. */
export function protocolFault(message: string): ChatError {
  return new ChatError('ProtocolError', message)
}

/** What an ERROR frame says, as JSON. @param at when, in milliseconds since the epoch */
export function errorBody(error: ChatError, at: number): string {
  return JSON.stringify(presentRefusal(error, at))
}

/** What answers a request for a connection that is not what it must be, as JSON. @param at as above */
export function badRequestBody(message: string, at: number): string {
  return errorBody(new ChatError('ClientError', message), at)
}
