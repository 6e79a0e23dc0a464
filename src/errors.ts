// What can go wrong, said once: a kind is the `error` field of the body, and has one HTTP status.

const status = {
  ClientError: 400,
  ResourceNotFoundError: 404,
  MethodNotAllowedError: 405,
  NotAcceptableError: 406,
  PayloadTooLargeError: 413,
  UnsupportedMediaTypeError: 415,
  ConflictError: 409,
  RateLimitedError: 429,
  InternalServerError: 500,
  ServiceUnavailableError: 503,
  // Those of RFC 6749 and RFC 6750, which have a body of their own (contract section f).
  unauthorized: 401,
  invalid_token: 401,
  invalid_client: 401,
  access_denied: 403,
  insufficient_scope: 403,
  invalid_request: 400,
  invalid_scope: 400,
  unsupported_grant_type: 400,
} as const

export type ErrorKind = keyof typeof status

/** Why one field was refused. Codes as in the contract, section f. */
export interface FieldProblem {
  resource: string
  field: string
  code: 'missing' | 'missing_field' | 'invalid' | 'already_exists'
  message: string
}

/** The one error of the domain and the doors; anything else that is thrown is a fault of ours and answers 500. */
export class ChatError extends Error {
  readonly kind: ErrorKind
  readonly status: number
  readonly problems: FieldProblem[]

  /**
   * @param kind the `error` of the body
   * @param message for the caller: says what to do, holds no secret
   * @param problems the fields to blame, if any
   */
  constructor(kind: ErrorKind, message: string, problems: FieldProblem[] = []) {
    super(message)
    this.name = 'ChatError'
    this.kind = kind
    this.status = status[kind]
    this.problems = problems
  }

  /** Whether the body is OAuth's `{ error, error_description }` instead of the API's. */
  get isAuthentication(): boolean {
    return /^[a-z_]+$/.test(this.kind)
  }
}

/** A 404 that names what was looked for. */
export function notFound(resource: string, id: number | string): ChatError {
  return new ChatError('ResourceNotFoundError', `${resource} ${id} does not exist`)
}

/** A 400 that blames one field. */
export function refused(
  resource: string,
  field: string,
  code: FieldProblem['code'],
  message: string,
): ChatError {
  return new ChatError('ClientError', message, [{ resource, field, code, message }])
}
