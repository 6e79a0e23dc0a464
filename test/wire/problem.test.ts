import { describe, expect, it } from 'vitest'
import { ChatError, type FieldProblem, rateLimited, refused, summaryOf } from '#errors.ts'
import { presentError, presentFrameError, presentRefusal } from '#wire/problem.ts'

const at = Date.UTC(2026, 10, 21, 10, 30)
const timestamp = '2026-11-21T10:30:00.000Z'

describe('an error body', () => {
  it('of a 404 has the message of the hosted API, what was not found in detail, and the time', () => {
    const body = presentError(new ChatError('ResourceNotFoundError', 'channel 7 does not exist'), 'camel', at)
    expect(body).toEqual({
      error: 'ResourceNotFoundError',
      message: 'Resource not found',
      detail: 'channel 7 does not exist',
      timestamp,
    })
  })

  it('contains a single problem also at the top, its field in the naming convention of the response', () => {
    const error = refused('user', 'displayName', 'missing_field', 'displayName is required')
    expect(presentError(error, 'camel', at)).toMatchObject({
      error: 'ClientError',
      resource: 'user',
      field: 'displayName',
      code: 'missing_field',
      errors: [
        { resource: 'user', field: 'displayName', code: 'missing_field', message: 'displayName is required' },
      ],
    })
    expect(presentError(error, 'snake', at)).toMatchObject({
      field: 'display_name',
      errors: [{ field: 'display_name' }],
    })
  })

  it('contains the name that a field has in the naming convention of the response', () => {
    const problem = { resource: 'user', field: 'isGuest', code: 'invalid', message: 'no' } as const
    const error = new ChatError('ClientError', 'no', [{ ...problem, snakeField: 'isGuest' }])
    for (const spelling of ['camel', 'snake'] as const) {
      expect(presentError(error, spelling, at).errors).toEqual([problem])
    }
    expect(presentFrameError(error, at).errors).toEqual([problem])
  })

  it('names each field in its messages as it does beside them', () => {
    const problems: FieldProblem[] = [
      { resource: 'user', field: 'displayName', code: 'missing_field', message: 'displayName is required' },
      { resource: 'user', field: 'name', code: 'invalid', message: 'a displayName is no name' },
    ]
    const error = new ChatError('ClientError', summaryOf(problems), problems)
    const { message, errors } = presentError(error, 'snake', 0)
    expect(message).toBe('display_name is required; a displayName is no name')
    expect(errors).toMatchObject([{ message: 'display_name is required' }, { field: 'name' }])
    expect(presentError(error, 'camel', 0).message).toBe(error.message)
  })

  it('lists several problems and puts none of them at the top', () => {
    const problem = { resource: 'user', code: 'invalid', message: 'no' } as const
    const body = presentError(
      new ChatError('ClientError', 'no; no', [
        { ...problem, field: 'name' },
        { ...problem, field: 'isGuest' },
      ]),
      'camel',
      at,
    )
    expect(body.errors).toHaveLength(2)
    expect(body).not.toHaveProperty('field')
    expect(body).not.toHaveProperty('code')
  })

  it.each([
    'unauthorized',
    'invalid_token',
    'access_denied',
    'insufficient_scope',
    'invalid_client',
  ] as const)('is that of OAuth for %s, and nothing more', (kind) => {
    for (const spelling of ['camel', 'snake'] as const) {
      expect(presentError(new ChatError(kind, 'why'), spelling, at)).toEqual({
        error: kind,
        error_description: 'why',
      })
    }
  })
})

describe('a field that is refused', () => {
  const problem = { resource: 'message', field: 'body', code: 'invalid', message: 'no' } as const
  const error = new ChatError('ValidationError', 'no', [problem])

  it('is a ClientError over HTTP', () => {
    expect(presentError(error, 'camel', at)).toMatchObject({ error: 'ClientError', field: 'body' })
  })

  it('is a ValidationError on the errors queue, which names it in a list only', () => {
    expect(presentFrameError(error, at)).toEqual({
      error: 'ValidationError',
      message: 'no',
      timestamp,
      errors: [problem],
    })
  })

  it('is a ValidationError where it ends the connection, without further fields', () => {
    expect(presentRefusal(error, at)).toEqual({ error: 'ValidationError', message: 'no', timestamp })
  })
})

it('a rate-limited client receives over the socket how long to wait, in seconds', () => {
  expect(presentFrameError(rateLimited('slow down', 1_500), at)).toMatchObject({ coolOffDuration: 'PT1.5S' })
})

describe('each kind of error has one status', () => {
  it.each([
    ['ClientError', 400],
    ['unauthorized', 401],
    ['invalid_token', 401],
    ['access_denied', 403],
    ['insufficient_scope', 403],
    ['ResourceNotFoundError', 404],
    ['MethodNotAllowedError', 405],
    ['NotAcceptableError', 406],
    ['PayloadTooLargeError', 413],
    ['UnsupportedMediaTypeError', 415],
    ['RateLimitedError', 429],
    ['InternalServerError', 500],
    ['ServiceUnavailableError', 503],
  ] as const)('%s: %i', (kind, status) => {
    expect(new ChatError(kind, '').status).toBe(status)
  })
})
