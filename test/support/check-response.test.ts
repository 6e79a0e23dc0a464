import { describe, expect, it } from 'vitest'
import { checkResponse } from './check-response.ts'

const json = 'application/json'
const vendor = 'application/vnd.chatkitty+json'
const user = {
  id: 1,
  type: 'PERSON',
  name: 'jane',
  displayName: 'Jane Doe',
  displayPictureUrl: 'http://localhost/v1/picture/Jane+Doe',
  isGuest: false,
  presence: { status: 'UNAVAILABLE', online: false },
  properties: { a_b: 1, cD: { displayName: 2 } },
  _links: { self: { href: 'http://localhost/v1/applications/1/users/1' } },
}
const { displayName, displayPictureUrl, ...rest } = user
const snakeUser = { ...rest, display_name: displayName, display_picture_url: displayPictureUrl }
const message = {
  id: 2,
  type: 'TEXT',
  body: 'Hello',
  links: [],
  mentions: [],
  nestedLevel: 0,
  channelId: 3,
  user,
  properties: {},
  createdTime: '2026-01-02T03:04:05.678Z',
}

const check = (path: string, body: unknown, status = 200, type = json, method = 'GET') =>
  checkResponse(method, path, status, type, typeof body === 'string' ? body : JSON.stringify(body))

describe('checkResponse', () => {
  it.each(['/v1/users/1', '/users/1?a=b', '/v1/applications/7/users/1', '/applications/me/users/1/'])(
    'finds the operation at %s',
    (path) => {
      check(path, user)
      expect(() => check(path, {})).toThrow('ChatUserResource')
    },
  )

  it('accepts each naming convention under its own media type only', () => {
    check('/users/1', snakeUser, 200, vendor)
    expect(() => check('/users/1', snakeUser)).toThrow('displayName')
    expect(() => check('/users/1', user, 200, vendor)).toThrow('displayName')
    expect(() =>
      check('/users/1', { ...snakeUser, isGuest: undefined, is_guest: false }, 200, vendor),
    ).toThrow('isGuest')
  })

  it('checks the variant of a resource', () => {
    const { _links, ...author } = user
    check('/messages/2', { ...message, user: author })
    expect(() => check('/messages/2', { ...message, type: 'SYSTEM_TEXT', user: author })).toThrow('"user"')
    expect(() =>
      check('/messages/2', { ...message, user: author, createdTime: '2026-01-02T03:04:05Z' }),
    ).toThrow('date-time')
  })

  it.each([
    ['a field that is not described', { ...user, passwordHash: 'x' }, 'passwordHash'],
    ['a field that is missing', { ...user, presence: undefined }, 'presence'],
    ['a value of another type', { ...user, id: '1' }, '/id must be integer'],
    ['an unknown value', { ...user, type: 'ROBOT' }, 'PERSON'],
  ])('refuses %s', (_, body, reason) => {
    expect(() => check('/users/1', body)).toThrow(reason)
  })

  it('refuses a status or a media type that is not described', () => {
    expect(() => check('/users/1', user, 201)).toThrow('201')
    expect(() => check('/users/1', user, 200, 'text/plain')).toThrow('text/plain')
  })

  it('refuses errors of another shape, from any source', () => {
    const error = { error: 'ClientError', message: 'Wrong', timestamp: '2026-01-02T03:04:05.678Z' }
    const refusal = { error: 'unauthorized', error_description: 'Who are you?' }
    check('/users/1', error, 404)
    check('/users/1', refusal, 401)
    check('/nowhere', error, 404)
    check('/users', { ...error, error: 'RateLimitedError', cool_off_duration: 'PT1S' }, 429)
    check('/oauth/token', refusal, 401)
    expect(() => check('/users/1', refusal, 404)).toThrow('ApiError')
    expect(() => check('/users/1', error, 401)).toThrow('AuthenticationError')
    expect(() => check('/nowhere', { message: 'Wrong' }, 500)).toThrow('ApiError')
  })

  it('refuses a body where there must be none', () => {
    check('/users?name=jane', '', 200, undefined, 'HEAD')
    expect(() => check('/users?name=jane', '{}', 200, undefined, 'HEAD')).toThrow('body')
    check('/users/1', '', 200, json, 'HEAD')
    expect(() => check('/users/1', '', 200, 'text/plain', 'HEAD')).toThrow('text/plain')
    expect(() => check('/users/1', '', 201, json, 'HEAD')).toThrow('201')
    expect(() => check('/users/1/display-picture', '{}', 302, undefined)).toThrow('body')
  })
})
