import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/protects.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { createToken } from './world.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ APPLICATION_DELETION: 'on', RATE_LIMIT_PER_SECOND: 'off' })
})
afterAll(() => server.close())

describe('DELETE /application, where a setting enables it', () => {
  it('is refused without credentials, requires each of its scopes, and deletes the application of its token only', async () => {
    const [doomed, neighbour] = await Promise.all([server.createApplication(), server.createApplication()])
    const remove = async (path: string, token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const answer = await fetch(server.url + path, { method: 'DELETE', headers })
      const [type = ''] = (answer.headers.get('content-type') ?? '').split(';')
      return { status: answer.status, type, text: await answer.text() }
    }
    const named = ['/v1', ''].map((version) => `${version}/applications/${doomed.id}/application`)
    const paths = ['/v1/application', '/application', ...named]
    const expired = await createToken(
      server,
      doomed,
      ['create:*', 'read:*', 'update:*', 'delete:*'],
      Date.now() - 1,
    )
    const [unread, undeleting] = await Promise.all([
      createToken(server, doomed, ['create:*', 'update:*', 'delete:*']),
      createToken(server, doomed, ['create:*', 'read:*', 'update:*', 'delete:user']),
    ])
    for (const path of paths) {
      expectRefusal(await remove(path), 401, 'unauthorized')
      for (const token of [uuid(), expired, doomed.clientSecret, doomed.apiKey])
        expectRefusal(await remove(path, token), 401, 'invalid_token')
      for (const token of [unread, undeleting])
        expectRefusal(await remove(path, token), 403, 'insufficient_scope')
    }
    for (const path of named) expectRefusal(await remove(path, neighbour.token), 404)
    await doomed.get('/application').expect(200)
    expect((await remove('/v1/application', doomed.token)).status).toBe(200)
    await doomed.get('/application').expect(401)
    await neighbour.get('/application').expect(200)
  })
})
