// Every kind of error and its HTTP status. The kind is the `error` field of the response body. The first kind of each
// status is the general one.

const status = {
  ClientError: 400,
  ValidationError: 400,
  ProtocolError: 400, // of the STOMP protocol
  AccessDeniedError: 403,
  FeatureDisabledError: 403,
  UserBlockedError: 403,
  ResourceNotFoundError: 404,
  MethodNotAllowedError: 405,
  NotAcceptableError: 406,
  RequestTimeoutError: 408,
  PayloadTooLargeError: 413,
  UnsupportedMediaTypeError: 415,
  RangeNotSatisfiableError: 416,
  ConflictError: 409,
  RateLimitedError: 429,
  HeadersTooLargeError: 431,
  InternalServerError: 500,
  ServiceUnavailableError: 503,
  // Errors of RFC 6749 and RFC 6750, which have a different body (contract section f).
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

/**
 * Returns the kind of an error of which only the status is known; statuses that no kind has count as 400 or 500. A 401
 * is that of a token which is not accepted.
 */
export function kindOfStatus(code: number): ErrorKind {
  if (code === 401) return 'invalid_token'
  const kinds = Object.keys(status) as ErrorKind[]
  return kinds.find((kind) => status[kind] === code) ?? (code < 500 ? 'ClientError' : 'InternalServerError')
}

/** Why one field was refused, with the codes of contract section f. */
export interface FieldProblem {
  resource: string
  field: string
  /** The field's name in the snake representation; if undefined, that of `field` in snake case. */
  snakeField?: string
  code: 'missing_field' | 'invalid' | 'already_exists'
  message: string
}

/** Returns the message of an error about several fields. */
export function summaryOf(problems: Pick<FieldProblem, 'message'>[]): string {
  return problems.map(({ message }) => message).join('; ')
}

/** The only error that the domain and the entry points throw on purpose. Any other error is a fault and answers 500. */
export class ChatError extends Error {
  readonly kind: ErrorKind
  readonly status: number
  readonly problems: FieldProblem[]
  /** Milliseconds to wait before a retry. */
  readonly coolOffMs: number | undefined

  /**
   * @param kind the `error` field of the body
   * @param message for the caller: says what to do and contains no secret
   * @param problems the fields that were refused, if any
   * @param coolOffMs for a RateLimitedError, how long to wait
   */
  constructor(kind: ErrorKind, message: string, problems: FieldProblem[] = [], coolOffMs?: number) {
    super(message)
    this.name = 'ChatError'
    this.kind = kind
    this.status = status[kind]
    this.problems = problems
    this.coolOffMs = coolOffMs
  }

  /** Whether the body is OAuth's `{ error, error_description }` instead of the API's. */
  get isAuthentication(): boolean {
    return /^[a-z_]+$/.test(this.kind)
  }
}

/** Returns a 404 error that names the missing resource. */
export function notFound(resource: string, id: number | string): ChatError {
  return new ChatError('ResourceNotFoundError', `${resource} ${id} does not exist`)
}

/** Returns `found`. @throws ChatError 404 if it is undefined */
export function mustExist<T>(found: T | undefined, resource: string, id: number | string): T {
  if (found === undefined) throw notFound(resource, id)
  return found
}

/** Returns a 400 error for one field. */
export function refused(
  resource: string,
  field: string,
  code: FieldProblem['code'],
  message: string,
): ChatError {
  return new ChatError('ClientError', message, [{ resource, field, code, message }])
}

/** Returns a 429 error that says when to retry. */
export function rateLimited(message: string, coolOffMs: number): ChatError {
  return new ChatError('RateLimitedError', message, [], coolOffMs)
}

// Errors of Postgres by SQLSTATE. Prisma, which reads and writes single rows, has codes of its own.

/** Returns whether a statement failed because a row it needs is missing (foreign key) or already exists (unique). */
export function isConstraintError(error: unknown, kind: 'unique' | 'foreign_key'): boolean {
  const codes = kind === 'unique' ? ['P2002', '23505'] : ['P2003', '23503']
  return codes.includes(databaseCode(error))
}

/**
 * Returns a handler for `catch` that turns a foreign key violation into a 404: the resource was deleted in the
 * meantime. Other errors are rethrown.
 */
export function unlessGone(resource: string, id: number): (error: unknown) => never {
  return (error) => {
    throw isConstraintError(error, 'foreign_key') ? notFound(resource, id) : error
  }
}

/**
 * Returns whether background work failed because its subject was deleted after the work was requested. This is an
 * expected race, not a fault.
 */
export function isGone(error: unknown): boolean {
  if (error instanceof ChatError) return error.kind === 'ResourceNotFoundError'
  return isConstraintError(error, 'foreign_key')
}

const awayCodes = [
  /57P0[1-5]|57014|25P0[34]|53[0-3]00|25006|58030|08\d{3}/,
  // No connection is made: the password is being changed, or the database restored.
  /28P01|28000|3D000/,
  // The network. While a container is stopped, its name is unknown.
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN/,
  /P1000|P1001|P1002|P1003|P1008|P1010|P1017|P2024|P2037/,
]
const awayCode = new RegExp(`^(${awayCodes.map(({ source }) => source).join('|')})$`)

/**
 * Returns whether Postgres cannot be reached, is starting, stopping, killed or read-only, has run out of connections,
 * memory or disk, or has cancelled a statement for taking too long.
 */
export function isDatabaseAway(error: unknown): boolean {
  return (
    awayCode.test(databaseCode(error)) ||
    /connection terminated|connection error|not queryable|timeout exceeded when trying to connect/i.test(
      (error as Error | undefined)?.message ?? '',
    )
  )
}

/** The store of files cannot be reached. Unlike a database that is away, this fails a job in the end. */
export class StoreAway extends Error {
  constructor(cause: Error) {
    super(`The store of files does not answer: ${cause.message}`, { cause })
    this.name = 'StoreAway'
  }
}

/** Returns whether the disk of stored files is full or read-only. */
function isDiskFull(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EROFS)$/.test((error as { code?: string } | undefined)?.code ?? '')
}

/** Converts any thrown value to an error for a client. Internal faults say no more than whether to retry. */
export function toChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error
  if (isConstraintError(error, 'foreign_key')) {
    return new ChatError('ResourceNotFoundError', 'What the request refers to was deleted meanwhile')
  }
  return isDatabaseAway(error) || isDiskFull(error) || error instanceof StoreAway
    ? new ChatError('ServiceUnavailableError', 'The server cannot answer now, try again later')
    : new ChatError('InternalServerError', 'The server failed to answer')
}

/** Returns whether a running Postgres refused the statement, so that none of it was stored. */
export function isRefusal(error: unknown): boolean {
  return (error as { severity?: string } | undefined)?.severity === 'ERROR'
}

/** Returns whether a value does not fit its column or breaks a constraint. */
export function isUnfit(error: unknown): boolean {
  return /^2[23]/.test(databaseCode(error))
}

/**
 * Returns whether the connection is read-only: its server was one that could not be written, and may be no longer. Only a
 * new connection can tell.
 */
export function isReadOnly(error: unknown): boolean {
  return databaseCode(error) === '25006'
}

/** Returns whether a transaction lost a conflict with others and may succeed if retried. */
export function isTransient(error: unknown): boolean {
  return ['40P01', '40001'].includes(databaseCode(error))
}

/** The part of an error that is logged. */
export interface LoggedError {
  type: string
  code: string
  message: string
  stack: string
}

/**
 * Reduces an error to what may be logged if its message might quote what users wrote.
 * @returns the name, the code and the position in our code
 */
export function withoutWords(error: unknown): LoggedError {
  const { name, stack = '' } = error instanceof Error ? error : new Error()
  const at = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const code = databaseCode(error)
  const message = [name, code].join(' ').trim()
  return { type: name, code, message, stack: [message, ...at.slice(0, 8)].join('\n') }
}

/**
 * Returns whether the message of an error or of its cause may quote what users wrote: Postgres quotes values,
 * JSON.parse quotes the text, and a ChatError may contain the client's words.
 */
export function mayQuote(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof ChatError || error instanceof SyntaxError || 'severity' in error) return true
  return /^P\d{4}$/.test((error as PrismaLike).code ?? '') || mayQuote(error.cause)
}

/**
 * Returns the SQLSTATE or Prisma code. Prisma reports errors unknown to it as P2039 with the SQLSTATE inside `meta`.
 */
function databaseCode(error: unknown): string {
  const { code, meta } = (error ?? {}) as PrismaLike
  return meta?.driverAdapterError?.cause?.originalCode ?? code ?? ''
}

interface PrismaLike {
  code?: string
  meta?: { driverAdapterError?: { cause?: { originalCode?: string } } }
}
