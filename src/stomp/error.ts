/** Ends a connection: `error` and `message` are what the body of its ERROR frame says. */
export class StompError extends Error {
  readonly error: string

  /**
   * @param error the kind, such as `AccessDeniedError`
   * @param message for the client's developer: says what to do, holds no secret
   */
  constructor(error: string, message: string) {
    super(message)
    this.name = 'StompError'
    this.error = error
  }
}

/** The client broke a rule of the protocol. */
export function protocolFault(message: string): StompError {
  return new StompError('ProtocolError', message)
}

/** The JSON text of what an ERROR frame says, or the answer to a request that opens no connection. */
export function errorBody({ error, message }: { error: string; message: string }): string {
  return JSON.stringify({ error, message, timestamp: new Date().toISOString() })
}

/** The same for a request that is not what it must be. */
export function badRequestBody(message: string): string {
  return errorBody({ error: 'ClientError', message })
}
