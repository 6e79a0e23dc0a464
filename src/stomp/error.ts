import { ChatError } from '#errors.ts'
import { presentRefusal } from '#wire/problem.ts'

/** The client broke a rule of the protocol, which ends its connection. */
export function protocolFault(message: string): ChatError {
  return new ChatError('ProtocolError', message)
}

/** The JSON text that answers a request for a connection that is not what it must be. */
export function badRequestBody(message: string): string {
  return JSON.stringify(presentRefusal(new ChatError('ClientError', message)))
}
