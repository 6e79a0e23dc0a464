import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUser } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

describe('createUser', () => {
  it('answers with the user and its links', async () => {
    const { body } = await server.main
      .post('/users', { name: 'jane', displayName: 'Jane Doe', isGuest: true, properties: { a_b: 1 } })
      .expect(200)
    expect(body).toMatchObject({
      name: 'jane',
      displayName: 'Jane Doe',
      isGuest: true,
      properties: { a_b: 1 },
    })
    expect(Object.keys(body._links)).toEqual([
      'self',
      'channels',
      'notifications',
      'displayPicture',
      'application',
    ])
    const again = await server.main.get(`/users/${body.id}`).expect(200)
    expect(again.body).toEqual(body)
  })

  it('keeps hostile keys of properties as data', async () => {
    const user = await createUser(server.main, {
      properties: JSON.parse('{"__proto__":{"x":1},"constructor":2}'),
    })
    const { text } = await server.main.get(`/users/${user.id}`).expect(200)
    expect(text).toContain('"__proto__":{"x":1}')
    expect(text).toContain('"constructor":2')
  })
})
