// Helpers for what every operation must refuse, and for the shape of refusals.
import supertest from 'supertest'
import { expect } from 'vitest'
import type { Operation } from '#routes/operation.ts'
import type { TestApplication, TestServer } from './server.ts'

/** Returns the title of an operation's tests, such as `GET /channels/:id`. */
export const titleOf = ({ method, path }: Operation) => `${method} ${path}`

/** Returns a path with its parameters replaced; `of` returns the value of each. */
export function fillPath(path: string, of: (parameter: string) => string | number): string {
  return path.replace(/:(\w+)/g, (_, parameter: string) => String(of(parameter)))
}

/** Sends a request, without a token by default. */
export function request(
  server: TestServer,
  { method }: Pick<Operation, 'method'>,
  path: string,
): supertest.Test {
  const verb = method.toLowerCase() as 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'
  return supertest(server.url)[verb](path)
}

/** Returns a token of the application with only these scopes. */
export async function tokenWith(
  server: TestServer,
  application: TestApplication,
  scope: string,
): Promise<string> {
  const { body } = await supertest(server.url)
    .post('/oauth/token')
    .auth(application.clientId, application.clientSecret)
    .type('form')
    .send({ grant_type: 'client_credentials', scope })
    .expect(200)
  return body.access_token
}

/** An answer of any client. An answer to HEAD has no text. */
export interface Answer {
  status: number
  text?: string
  /** The content type. */
  type: string
}

/** Fails unless the answer is a refusal in the documented shape, and of the kind `error` if given. */
export function expectRefusal({ status, text, type }: Answer, expected: number, error?: string): void {
  expect(status, text?.slice(0, 500)).toBe(expected)
  if (text === undefined) return
  expect(type).toBe('application/json')
  const body = JSON.parse(text)
  if (error !== undefined) expect(body.error).toBe(error)
  if (status === 401 || status === 403) {
    expect(body).toEqual({ error: expect.any(String), error_description: expect.any(String) })
    return
  }
  expect(body).toMatchObject({
    error: expect.stringMatching(/^[A-Z][A-Za-z]+Error$/),
    message: expect.any(String),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  })
  for (const problem of body.errors ?? []) {
    expect(problem).toEqual({
      resource: expect.stringMatching(/^[a-z_]+$/),
      field: expect.any(String),
      code: expect.stringMatching(/^(missing|missing_field|invalid|already_exists)$/),
      message: expect.any(String),
    })
  }
}
