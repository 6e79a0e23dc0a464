// Requests without a valid HTTP target and Host are rejected with 400 before any other check.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let trusting: TestServer
beforeAll(async () => {
  server = await shareServer()
  trusting = await startServer({ TRUST_PROXY: 'loopback' })
})
afterAll(async () => {
  await server.close()
  await trusting.close()
})

/** Sends a raw request with the given lines as its head. @returns the response */
async function ask(to: TestServer, lines: string[]) {
  const socket = connect(Number(new URL(to.url).port), '127.0.0.1')
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  await once(socket, 'close')
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), head, body }
}

const webSocket = [
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const targets: [target: string, line: string, more: string[]][] = [
  ['a route', 'GET /v1/application', []],
  ['a page', 'GET /openapi.yaml', []],
  ['what is not there', 'GET /nowhere', []],
  ['the token endpoint', 'POST /oauth/token', ['Content-Length: 0']],
  ['a preflight', 'OPTIONS /v1/users', ['Origin: http://a', 'Access-Control-Request-Method: GET']],
  ['a WebSocket', 'GET /rtm/websocket?api-key=1', webSocket],
  ['SockJS', 'GET /rtm/info', []],
  ['a session of SockJS', 'POST /rtm/0/abc/xhr', ['Content-Length: 0']],
]

describe.each(targets)('%s', (_, line, more) => {
  it.each([
    ['no Host', []],
    ['two of them', ['Host: a', 'Host: a']],
    ['an empty one', ['Host:']],
    ['one that is a path', ['Host: a/b']],
    ['one with markup', ['Host: <b>']],
    ['an invalid port', ['Host: a:b']],
    ['an endless one', [`Host: ${"$'".repeat(2_000)}`]],
  ])('is refused where the request has %s', async (_case, hosts) => {
    const { status, body } = await ask(server, [`${line} HTTP/1.1`, ...hosts, ...more])
    expect(status).toBe(400)
    expect(JSON.parse(body)).toEqual({
      error: 'ClientError',
      message: expect.stringMatching(/^The header Host /),
      timestamp: expect.any(String),
    })
  })

  it('is refused where a trusted proxy sends an invalid host', async () => {
    const lines = [`${line} HTTP/1.1`, 'Host: a', 'X-Forwarded-Host: a/b', ...more]
    expect(await ask(trusting, lines)).toMatchObject({
      status: 400,
      body: expect.stringContaining('X-Forwarded-Host'),
    })
  })
})

it('forwarded headers of untrusted clients are ignored', async () => {
  const lines = ['X-Forwarded-Host: evil', 'X-Forwarded-Proto: https', 'Accept: application/json']
  const { body, head } = await ask(server, ['GET / HTTP/1.1', 'Host: chat.internal', ...lines])
  expect(JSON.parse(body)._links.self.href).toBe('http://chat.internal/')
  expect(head).not.toContain('strict-transport-security')
})

it('an HTTP/1.0 request needs no Host, and its links point to the address of the server', async () => {
  const { body, status } = await ask(server, ['GET / HTTP/1.0', 'Accept: application/json'])
  expect(status).toBe(200)
  expect(JSON.parse(body)._links.self.href).toBe(`${server.url}/`)
})

it('a request target in absolute form is accepted, and its origin takes precedence', async () => {
  const { token } = server.main
  const { body, status } = await ask(server, [
    'GET http://chat.internal:81/v1/users?size=1 HTTP/1.1',
    'Host: other',
    `Authorization: Bearer ${token}`,
  ])
  expect(status).toBe(200)
  expect(JSON.parse(body)._links.self.href).toMatch(/^http:\/\/chat\.internal:81\/v1\/users\?/)
  const wrong = await ask(server, ['GET http://a@b/v1/users HTTP/1.1', 'Host: other'])
  expect(wrong.status).toBe(400)
})
