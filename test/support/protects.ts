// What every operation refuses whoever asks, and what a refusal must look like.
import supertest from 'supertest'
import { expect } from 'vitest'
import type { Operation } from '#routes/operation.ts'
import type { TestApplication, TestServer } from './server.ts'

/** `GET /channels/:id`, as a test is titled. */
export const titleOf = ({ method, path }: Operation) => `${method} ${path}`

/** A path with every parameter filled in; `of` gives the value for one. */
export function fill(path: string, of: (parameter: string) => string | number): string {
  return path.replace(/:(\w+)/g, (_, parameter: string) => String(of(parameter)))
}

/** Any request, without a token of its own. */
export function request(
  server: TestServer,
  { method }: Pick<Operation, 'method'>,
  path: string,
): supertest.Test {
  const verb = method.toLowerCase() as 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'
  return supertest(server.url)[verb](path)
}

/** A token of the application with these scopes only. */
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

/** An answer as any client sees it; one to HEAD has no text. */
export interface Answer {
  status: number
  text?: string
  /** The content type. */
  type: string
}

/** Fails unless the answer is a refusal in the documented shape, of the kind `error` where given. */
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
