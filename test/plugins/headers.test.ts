// Response headers for browsers, and the rejection of invalid HTTP requests.
import { once } from 'node:events'
import { connect } from 'node:net'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const origin = 'https://app.example.com'

describe('CORS', () => {
  const preflight = (path: string, method: string, headers: string) =>
    supertest(server.url)
      .options(path)
      .set('origin', origin)
      .set('access-control-request-method', method)
      .set('access-control-request-headers', headers)

  it.each([
    ['/v1/users/1', 'PATCH', 'authorization,content-type,accept'],
    ['/users/1', 'DELETE', 'authorization'],
    ['/v1/runtimes/nodejs/dependencies', 'PUT', 'authorization,content-type'],
    ['/oauth/token', 'POST', 'authorization,content-type'],
    ['/v1/runtime/channels/1/messages', 'POST', 'grant,content-type'],
    ['/files/x', 'GET', 'range'],
  ])('lets a page of another origin request %s with %s', async (path, method, headers) => {
    const answer = await preflight(path, method, headers).expect(204)
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    expect(answer.headers['access-control-allow-methods']).toContain(method)
    const allowed = answer.headers['access-control-allow-headers']?.toLowerCase().split(/, */)
    expect(allowed).toEqual(expect.arrayContaining(headers.split(',')))
  })

  it('answers OPTIONS from clients that are no browsers, too', async () => {
    const answer = await supertest(server.url).options('/v1/users').expect(204)
    expect(answer.headers['access-control-allow-methods']).toContain('PATCH')
  })

  it('lets pages read errors too, and what the headers say', async () => {
    for (const path of ['/v1/users', '/oauth/token', '/nowhere', '/v1/users/100%']) {
      const answer = await supertest(server.url).get(path).set('origin', origin)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.headers['access-control-allow-origin']).toBe('*')
      expect(answer.headers['access-control-expose-headers']).toContain('X-RateLimit-Remaining')
      expect(answer.headers.vary).toContain('Origin')
    }
  })

  it('does not allow cookies', async () => {
    const { headers } = await preflight('/v1/users', 'GET', 'authorization')
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })
})

it('every response tells browsers not to sniff or run it', async () => {
  for (const path of ['/v1', '/v1/users', '/nowhere', '/health', '/oauth/token', '/v1/users/%E0%A4%A']) {
    const { headers } = await supertest(server.url).get(path)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
    })
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(headers).not.toHaveProperty('strict-transport-security')
  }
})

describe('an invalid HTTP request', () => {
  /** Sends the bytes, and returns the response that the server sends until it closes the connection. */
  async function say(bytes: string): Promise<{ status: number; body: unknown }> {
    const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' })
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {})
    socket.write(bytes)
    await once(socket, 'close')
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
    return { status: Number(head.split(' ')[1]), body: body && JSON.parse(body) }
  }

  const shaped = (error: string) => ({ error, message: expect.any(String), timestamp: expect.any(String) })

  it('is refused in the documented shape', async () => {
    const noise = await say('\x16\x03\x01\r\n\r\n')
    expect(noise).toEqual({ status: 400, body: shaped('ClientError') })
    const long = await say(`GET /v1/users HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(long).toEqual({ status: 431, body: shaped('HeadersTooLargeError') })
  })

  it('is closed when its headers take too long', async () => {
    const { server: http } = server.app
    const usual = http.headersTimeout
    http.headersTimeout = 100
    try {
      const slow = await say('GET /v1/users HTTP/1.1\r\nHost: x\r\nX-Slow: ')
      expect(slow).toEqual({ status: 408, body: shaped('RequestTimeoutError') })
    } finally {
      http.headersTimeout = usual
    }
  })

  it('has its own limits in a running server', () => {
    const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = server.app.server
    for (const limit of [headersTimeout, requestTimeout, timeout, keepAliveTimeout]) {
      expect(limit).toBeGreaterThan(0)
    }
    expect(headersTimeout).toBeLessThanOrEqual(30_000)
    expect(timeout).toBeLessThanOrEqual(300_000)
  })
})
