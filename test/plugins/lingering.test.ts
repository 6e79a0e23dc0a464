// Clients that are rejected while they are still sending receive the response.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const size = 20_000_000

/** @returns the first line of the response, or the error of the connection */
async function sendAll(head: string): Promise<string> {
  const workerData = { port: Number(new URL(server.url).port), head, size }
  const client = new Worker(new URL('send-all.ts', import.meta.url), { workerData })
  const [line] = await once(client, 'message')
  await client.terminate()
  return line
}

it.each([
  ['of another type', '/oauth/token', 'multipart/mixed; boundary=x', 415],
  ['that is too large', '/oauth/token', 'application/x-www-form-urlencoded', 413],
  ['of nobody', '/v1/users', 'application/json', 401],
  ['for nothing', '/nowhere', 'text/plain', 413],
])('a large body %s is answered, though the connection is to close', async (_, path, type, status) => {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${size}\r\n\r\n`
  expect(await sendAll(head)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
})
