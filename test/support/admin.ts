// Helpers to call the admin API.
import supertest from 'supertest'
import { theSystem } from '#domain/access/operator.ts'
import { createAdminKey } from '#domain/operators/create-admin-key.ts'
import type { Role } from '#resources/admin/role.ts'
import { connections, type TestServer } from './server.ts'

/** Requests with an admin key. Paths are relative to `/admin/v1`, bodies are JSON. */
export interface AdminClient {
  key: string
  get(path: string): supertest.Test
  post(path: string, body?: unknown): supertest.Test
  put(path: string, body?: unknown): supertest.Test
  patch(path: string, body?: unknown): supertest.Test
  delete(path: string): supertest.Test
}

/** Creates an admin key with a role, limited to the given applications if there are any. */
export async function createAdmin(
  server: Pick<TestServer, 'ctx' | 'url'>,
  role: Role,
  applications?: number[],
): Promise<AdminClient> {
  const { key } = await createAdminKey(server.ctx, theSystem, {
    name: role,
    role,
    ...(applications && { applications }),
  })
  const send = (method: 'get' | 'post' | 'put' | 'patch' | 'delete') => (path: string, body?: unknown) => {
    const test = supertest(server.url)
      [method](`/admin/v1${path}`)
      .agent(connections)
      .set('authorization', `Bearer ${key}`)
    return body === undefined ? test : test.type('application/json').send(JSON.stringify(body))
  }
  return {
    key,
    get: send('get'),
    post: send('post'),
    put: send('put'),
    patch: send('patch'),
    delete: send('delete'),
  }
}

/** A browser signed in to the console. */
export interface Browser {
  cookie: string
  csrfToken: string
  /** Sends a request with the cookie and a CSRF token, by default that of the session. */
  send(
    method: 'get' | 'post' | 'patch' | 'delete',
    path: string,
    body?: object,
    csrf?: string,
  ): supertest.Test
}

export async function signIn(
  { url }: Pick<TestServer, 'url'>,
  username: string,
  password: string,
): Promise<Browser> {
  const answer = await supertest(url).post('/admin/v1/session').send({ username, password }).expect(200)
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? ''
  const { csrfToken } = answer.body
  return {
    cookie,
    csrfToken,
    send(method, path, body, csrf = csrfToken) {
      const test = supertest(url)
        [method](`/admin/v1${path}`)
        .agent(connections)
        .set({ cookie, 'x-csrf-token': csrf })
      return body === undefined ? test : test.send(body)
    },
  }
}
