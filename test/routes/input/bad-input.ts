// Any input to any operation is answered by a refusal in the documented shape that names the field, or correctly if the
// contract is tolerant; never by a server error, and without effects on others. Here are the operations, and how the
// tests of this folder send to them.
import { Agent, request as httpRequest } from 'node:http'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Context } from '#context.ts'
import type { Operation } from '#routes/operation.ts'
import { operationsOf } from '#routes/operations.ts'
import { type Answer, fillPath, titleOf } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createWorld, examplesOf, parameterIn, type World } from '../examples.ts'

type Table = (readonly [title: string, operation: Operation])[]
export const table: Table = operationsOf({} as Context).map((operation) => [titleOf(operation), operation])
export const withBody = table.filter(([, { body }]) => body !== undefined) as [
  string,
  Operation & { body: NonNullable<Operation['body']> },
][]
export const withParameters = table.filter(([, { path }]) => path.includes(':'))

export const jsonOf = ({ text }: Answer) => JSON.parse(text ?? '{}')
export const show = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 200)

/** Registers the start and the end of a server, and checks after each test that it is unharmed. */
export function openInput() {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const input = {} as { server: TestServer; world: World }
  beforeAll(async () => {
    const server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
    Object.assign(input, { server, world: await createWorld(server, server.main) })
  })
  afterAll(async () => {
    agent.destroy()
    await input.server.close()
  })
  afterEach(async () => {
    // It still answers, and Object.prototype is unchanged.
    expect((await send('GET', '/health')).status).toBe(200)
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  /** Sends bytes without a client that would correct the path or the body. */
  function send(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(input.server.url)
      const sent = httpRequest(
        {
          agent,
          hostname,
          port,
          method,
          path,
          headers: {
            authorization: `Bearer ${input.server.main.token}`,
            ...(body !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
            ...headers,
          },
        },
        async (response) => {
          const text = Buffer.concat(await response.toArray()).toString()
          const type = response.headers['content-type']?.split(';')[0] ?? ''
          resolve({ status: response.statusCode ?? 0, type, ...(method !== 'HEAD' && { text }) })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }

  return Object.assign(input, {
    send,
    /** A path of existing resources, in a channel and user of this file. */
    ownPath: ({ path }: Operation) =>
      `/v1${fillPath(path, (parameter) => parameterIn(input.world, path, parameter))}`,
    /** A path of missing resources, for operations that delete or change. */
    unknownPath: ({ path }: Operation) =>
      `/v1${fillPath(path, (name) => (name === 'name' ? 'none' : 4_000_000_000))}`,
    /** A valid body, if the operation has one. */
    exampleBody: ({ body }: Operation) => body && JSON.stringify(examplesOf(body, input.world.user.id)[0]),
  })
}
