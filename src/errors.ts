// What can go wrong, said once: a kind is the `error` field of the body, and has one HTTP status.

const status = {
  ClientError: 400,
  ValidationError: 400,
  ProtocolError: 400, // of STOMP
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
  code: 'missing_field' | 'invalid' | 'already_exists'
  message: string
}

/** The one error of the domain and the doors; anything else that is thrown is a fault of ours and answers 500. */
export class ChatError extends Error {
  readonly kind: ErrorKind
  readonly status: number
  readonly problems: FieldProblem[]
  /** When it makes sense to try again. */
  readonly coolOffMs: number | undefined

  /**
   * @param kind the `error` of the body
   * @param message for the caller: says what to do, holds no secret
   * @param problems the fields to blame, if any
   * @param coolOffMs of a RateLimitedError, how long to wait
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

/** A 404 that names what was looked for. */
export function notFound(resource: string, id: number | string): ChatError {
  return new ChatError('ResourceNotFoundError', `${resource} ${id} does not exist`)
}

/** What was found. @throws ChatError 404 where it is gone, or never was */
export function mustBeThere<T>(found: T | undefined, resource: string, id: number | string): T {
  if (found === undefined) throw notFound(resource, id)
  return found
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

/** A 429 that says when to come back. */
export function rateLimited(message: string, coolOffMs: number): ChatError {
  return new ChatError('RateLimitedError', message, [], coolOffMs)
}

// What Postgres says, by its SQLSTATE; Prisma, by which single rows are read and written, has codes of its own.

/** Whether a statement failed because the row it needs is gone (foreign key) or there already (unique). */
export function isConstraintError(error: unknown, kind: 'unique' | 'foreign_key'): boolean {
  const codes = kind === 'unique' ? ['P2002', '23505'] : ['P2003', '23503']
  return codes.includes(databaseCode(error))
}

/**
 * What to make of a failed write to something that was deleted meanwhile, as its foreign key shows: a 404. To be given
 * to `catch`.
 */
export function unlessGone(resource: string, id: number): (error: unknown) => never {
  return (error) => {
    throw isConstraintError(error, 'foreign_key') ? notFound(resource, id) : error
  }
}

/**
 * Whether work that nobody waits for failed because what it is about was deleted after it was asked for: an expected
 * race, and no fault.
 */
export function isGone(error: unknown): boolean {
  if (error instanceof ChatError) return error.kind === 'ResourceNotFoundError'
  return isConstraintError(error, 'foreign_key')
}

/**
 * Whether Postgres is starting, stopping, was killed, takes no writes, has no connection, memory or disk left, or was
 * longer about something than it may be.
 */
export function isDatabaseAway(error: unknown): boolean {
  return (
    /^(57P0[1-5]|57014|25P0[34]|53[0-3]00|25006|58030|08\d{3}|ECONNREFUSED|ECONNRESET|EPIPE|P1001|P1002|P1017|P2024|P2037)$/.test(
      databaseCode(error),
    ) ||
    /connection terminated|connection error|not queryable|timeout exceeded when trying to connect/i.test(
      (error as Error | undefined)?.message ?? '',
    )
  )
}

/** Whether the disk of stored files is full or takes no writes. */
function isDiskFull(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EROFS)$/.test((error as { code?: string } | undefined)?.code ?? '')
}

/** What a client is told of whatever was thrown: of what is none of its doing, no more than whether to try again. */
export function toChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error
  if (isConstraintError(error, 'foreign_key')) {
    return new ChatError('ResourceNotFoundError', 'What the request refers to was deleted meanwhile')
  }
  return isDatabaseAway(error) || isDiskFull(error)
    ? new ChatError('ServiceUnavailableError', 'The server cannot answer now, try again later')
    : new ChatError('InternalServerError', 'The server failed to answer')
}

/** Whether Postgres, alive and well, refused a statement: then nothing of it was stored. */
export function isRefusal(error: unknown): boolean {
  return (error as { severity?: string } | undefined)?.severity === 'ERROR'
}

/** Whether what was to be stored is no value of its column, or breaks a constraint. */
export function isUnfit(error: unknown): boolean {
  return /^2[23]/.test(databaseCode(error))
}

/** Whether a transaction fell victim to others and may go through when it is tried again. */
export function isTransient(error: unknown): boolean {
  return ['40P01', '40001'].includes(databaseCode(error))
}

/** What a log shows of a fault. */
export interface LoggedError {
  type: string
  code: string
  message: string
  stack: string
}

/**
 * What a log may say of a fault that something which users wrote has led to: the message might quote it.
 * @returns the name, the code and the place in our code
 */
export function withoutWords(error: unknown): LoggedError {
  const { name, stack = '' } = error instanceof Error ? error : new Error()
  const at = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const code = databaseCode(error)
  const message = [name, code].join(' ').trim()
  return { type: name, code, message, stack: [message, ...at.slice(0, 8)].join('\n') }
}

/**
 * Whether the message of an error, or of what caused it, may quote what users wrote: Postgres quotes values, JSON.parse
 * the text, and what we refuse a client for has its own words in it.
 */
export function mayQuote(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof ChatError || error instanceof SyntaxError || 'severity' in error) return true
  return /^P\d{4}$/.test((error as PrismaLike).code ?? '') || mayQuote(error.cause)
}

/** Prisma passes on what it does not know as P2039, with the SQLSTATE in what its adapter says. */
function databaseCode(error: unknown): string {
  const { code, meta } = (error ?? {}) as PrismaLike
  return meta?.driverAdapterError?.cause?.originalCode ?? code ?? ''
}

interface PrismaLike {
  code?: string
  meta?: { driverAdapterError?: { cause?: { originalCode?: string } } }
}
