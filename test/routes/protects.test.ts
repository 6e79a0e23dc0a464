// What every operation refuses before anything else. Permissions are tested in test/security.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '#context.ts'
import { operationsOf } from '#routes/operations.ts'
import { expectRefusal, fillPath, request, titleOf, tokenWith } from '../support/protects.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

// The table only reads the declarations of operations, so it needs no context.
const operations = operationsOf({} as Context).map((operation) => [titleOf(operation), operation] as const)

describe.each(operations)('%s', (_, operation) => {
  const path = `/v1${fillPath(operation.path, () => 1)}`

  it('answers 401 with the WWW-Authenticate header', async () => {
    const nobody = await request(server, operation, path)
    expectRefusal(nobody, 401, 'unauthorized')
    expect(nobody.headers['www-authenticate']).toBe('Bearer realm="chatterie"')
    const stranger = await request(server, operation, path).set('authorization', 'Bearer garbage')
    expectRefusal(stranger, 401, 'invalid_token')
    expect(stranger.headers['www-authenticate']).toBe('Bearer realm="chatterie", error="invalid_token"')
  })

  it('refuses to answer in anything but JSON', async () => {
    const answer = await request(server, operation, path)
      .set('authorization', `Bearer ${server.main.token}`)
      .set('accept', 'image/png')
    expectRefusal(answer, 406, 'NotAcceptableError')
  })
})

it('the error for a request without a token says why it is refused', async () => {
  const { body } = await request(server, { method: 'GET' }, '/v1/users').expect(401)
  expect(body.error_description).toBe('Full authentication is required to access this resource')
})

it('a token with exactly the scopes of an operation is accepted', async () => {
  const token = await tokenWith(server, server.main, 'create:channel read:user')
  const channels = request(server, { method: 'POST' }, '/v1/channels').set('authorization', `Bearer ${token}`)
  await channels.send({ type: 'PUBLIC' }).expect(200)
  await request(server, { method: 'GET' }, '/v1/users').set('authorization', `Bearer ${token}`).expect(200)
  const users = request(server, { method: 'POST' }, '/v1/users').set('authorization', `Bearer ${token}`)
  await users.send({ name: 'nobody', displayName: 'Nobody' }).expect(403)
})

it('every operation is served once, by path and method', () => {
  const titles = operations.map(([title]) => title)
  expect(titles).toContain('POST /channels/:id/messages')
  expect(new Set(titles).size).toBe(titles.length)
})
