// The methods that each path supports.
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const methodsOf = (allow: string | undefined) => allow?.split(', ').sort()

describe('a method that the path does not support', () => {
  it.each([
    ['GET', '/oauth/token', ['OPTIONS', 'POST']],
    ['PUT', '/oauth/token', ['OPTIONS', 'POST']],
    ['DELETE', '/v1/application', ['GET', 'HEAD', 'OPTIONS']],
    ['PUT', '/channels/1', ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH']],
    ['GET', '/v1/runtime/channels/1/messages', ['OPTIONS', 'POST']],
    ['POST', '/health', ['GET', 'HEAD', 'OPTIONS']],
  ] as const)('is 405, and Allow lists the supported ones: %s %s', async (method, path, allowed) => {
    const asked = { GET: 'get', PUT: 'put', POST: 'post', DELETE: 'delete' } as const
    const answer = await supertest(server.url)[asked[method]](path).expect(405)
    expect(answer.body.error).toBe('MethodNotAllowedError')
    expect(methodsOf(answer.headers.allow)).toEqual(allowed)
  })
})

describe('OPTIONS', () => {
  it('without an Origin returns the methods of the path', async () => {
    const token = await supertest(server.url).options('/oauth/token').expect(204)
    expect(methodsOf(token.headers.allow)).toEqual(['OPTIONS', 'POST'])
    const users = await supertest(server.url).options('/v1/users').expect(204)
    expect(methodsOf(users.headers.allow)).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST'])
  })
})

describe('DELETE /application', () => {
  it('deletes the application of the token, and no other, where the operator enables it', async () => {
    const letting = await startServer({ APPLICATION_DELETION: 'on' })
    try {
      const other = await letting.createApplication()
      const { body } = await other.delete('/application').expect(200)
      expect(body.key).toBe(other.apiKey)
      await other.get('/application').expect(401)
      await letting.main.get('/application').expect(200)
    } finally {
      await letting.close()
    }
  })
})
