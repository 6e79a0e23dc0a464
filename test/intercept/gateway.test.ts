// Requests through the gateway, the proxy and the hook arrive unchanged, and requests to other hosts reach those hosts.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request as requestOf, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ProxyAgent, request } from 'undici'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Environment, type Intercept, startIntercept } from '#intercept/intercept.ts'
import { has, run, runNode } from './programs.ts'

/** Takes the place of Chatterie, and of any other host. */
const server = createServer((request, response) => answer(request, response))
let answer: (request: IncomingMessage, response: ServerResponse) => void
let port: number

let intercept: Intercept
const running: Intercept[] = []
const warnings: string[] = []

async function start(environment: Environment = {}): Promise<Intercept> {
  const log = { warn: (line: string) => warnings.push(line) }
  const started = await startIntercept({ url: `http://127.0.0.1:${port}`, environment, log })
  running.push(started)
  return started
}

const proxyOf = ({ environment }: Intercept) => environment.HTTPS_PROXY as string

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  intercept = await start()
})
afterAll(async () => {
  await Promise.all(running.map((each) => each.close()))
  server.close()
})
beforeEach(() => {
  warnings.length = 0
  answer = async (request, response) => {
    const { method, url, headers } = request
    response.end(JSON.stringify({ method, url, headers, body: await text(request) }))
  }
})

/** Requests `/v1/users` from the gateway, like a client that trusts the certificate authority of the run. */
async function askDoor(options: Parameters<typeof request>[1] = {}) {
  const ca = await readFile(intercept.environment.NODE_EXTRA_CA_CERTS as string, 'utf8')
  const dispatcher = new ProxyAgent({ uri: proxyOf(intercept), requestTls: { ca } })
  try {
    const { statusCode, body } = await request('https://api.chatkitty.com/v1/users', {
      ...options,
      dispatcher,
    })
    return { statusCode, body: await body.text() }
  } finally {
    await dispatcher.destroy()
  }
}

/** Sends a request with an absolute URL to the proxy. */
async function askProxy(by: Intercept, path: string, headers: Record<string, string> = {}) {
  const asked = requestOf(proxyOf(by), { path, headers, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { statusCode: response.statusCode, body: await text(response) }
}

async function tunnel(by: Intercept, path: string) {
  const asked = requestOf(proxyOf(by), { method: 'CONNECT', path, agent: false }).end()
  const [{ statusCode }, socket, head] = (await once(asked, 'connect')) as [IncomingMessage, Socket, Buffer]
  socket.unshift(head)
  return { statusCode, socket }
}

it('a request arrives as it was sent, except for the headers of other proxies', async () => {
  const { body } = await askDoor({
    method: 'POST',
    headers: { 'x-thing': ['1', '2'], 'x-forwarded-host': 'evil.example', 'x-forwarded-prefix': '/evil' },
    body: 'Hello',
  })
  expect(JSON.parse(body)).toEqual({
    method: 'POST',
    url: '/v1/users',
    headers: {
      host: 'api.chatkitty.com',
      'x-thing': '1, 2',
      'content-length': '5',
      'x-forwarded-proto': 'https',
      connection: 'keep-alive',
    },
    body: 'Hello',
  })
})

it.each([
  ['POST', '0'],
  ['DELETE', undefined],
] as const)('a %s without a body has none', async (method, length) => {
  const { headers, body } = JSON.parse((await askDoor({ method })).body)
  expect([body, headers['content-length'], headers['transfer-encoding']]).toEqual(['', length, undefined])
})

it('an aborted response is passed on as aborted', async () => {
  answer = (_, response) => {
    response.write('half of', () => response.destroy())
  }
  await expect(askDoor()).rejects.toThrow()
  answer = (request) => request.socket.resetAndDestroy()
  await expect(askDoor()).rejects.toThrow()
})

it('a response that arrives before the request is complete is passed on', async () => {
  answer = (_, response) => response.writeHead(413).end('Too much')
  const body = Buffer.alloc(4_000_000)
  expect(await askDoor({ method: 'POST', body })).toEqual({ statusCode: 413, body: 'Too much' })
})

it('a client that disconnects is dropped without an error', async () => {
  const left = Promise.withResolvers<void>()
  const leaving = new AbortController()
  answer = (request) => {
    request.socket.on('close', () => left.resolve())
    leaving.abort()
  }
  await expect(askDoor({ signal: leaving.signal })).rejects.toThrow()
  await left.promise
})

it.skipIf(!has('curl'))('a program that does not trust the authority is reported', async () => {
  const { PATH } = process.env
  const env = { PATH, HTTPS_PROXY: proxyOf(intercept) }
  const { code } = await run('curl', ['--silent', 'https://api.chatkitty.com/v1/users'], env)
  expect(code).toBe(60)
  await expect.poll(() => warnings).toEqual([expect.stringMatching('aborted a TLS handshake.+UNKNOWN_CA')])
})

it('through the proxy, other hosts are reached directly', async () => {
  const { statusCode, socket } = await tunnel(intercept, `localhost:${port}`)
  expect(statusCode).toBe(200)
  socket.end('GET /there HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  expect(await text(socket)).toContain('"url":"/there"')

  const { body } = await askProxy(intercept, `http://localhost:${port}/here?a=b`, { host: 'localhost' })
  expect(JSON.parse(body)).toMatchObject({ url: '/here?a=b', headers: { host: 'localhost' } })
})

it('the proxy accepts https: URLs of the names without a tunnel, as some clients send them', async () => {
  const path = 'https://authorization.chatkitty.com/oauth/token'
  const { body } = await askProxy(intercept, path, { host: 'authorization.chatkitty.com' })
  expect(JSON.parse(body)).toMatchObject({
    url: '/oauth/token',
    headers: { host: 'authorization.chatkitty.com', 'x-forwarded-proto': 'https' },
  })
})

it.each([
  ['/v1/users', 400],
  ['ftp://example.com/', 400],
  ['http://nowhere.invalid/', 502],
])('the proxy answers a request for %s with %i', async (path, status) => {
  expect((await askProxy(intercept, path)).statusCode).toBe(status)
})

it.each([
  ['nowhere', 400],
  ['@:443', 400],
  [`[::1]:1`, 502],
  ['nowhere.invalid:443', 502],
])('the proxy answers a tunnel to %s with %i', async (path, status) => {
  const { statusCode, socket } = await tunnel(intercept, path)
  socket.destroy()
  expect(statusCode).toBe(status)
})

it('other ports of the names, and other hosts, are not intercepted', async () => {
  const { stdout } = await runNode(
    `
    import { connect } from 'node:net'
    for (const [host, port] of [['api.chatkitty.com', 8443], ['chatkitty.com', 443], ['api.chatkitty.com.evil.example', 443]]) {
      connect({ host, port, lookup: (name) => print(name) })
    }
    setImmediate(() => process.exit())`,
    { ...intercept.environment },
  )
  expect(stdout).toBe('"api.chatkitty.com"\n"chatkitty.com"\n"api.chatkitty.com.evil.example"\n')
})

it('an outer proxy is used for all hosts but the names', async () => {
  const asked: unknown[] = []
  const outer = createServer((request, response) => {
    asked.push([request.method, request.url, request.headers['proxy-authorization']])
    response.end('from outside')
  })
  outer.on('connect', (request, socket) => {
    asked.push(['CONNECT', request.url, request.headers['proxy-authorization']])
    socket.end('HTTP/1.1 200 OK\r\n\r\nfrom outside')
  })
  outer.listen(0, '127.0.0.1')
  await once(outer, 'listening')
  const { port: outerPort } = outer.address() as AddressInfo
  const by = await start({ HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${outerPort}`, NO_PROXY: 'intra.net' })

  const { socket } = await tunnel(by, 'example.com:443')
  expect(await text(socket)).toBe('from outside')
  expect(await askProxy(by, 'http://example.com/a')).toEqual({ statusCode: 200, body: 'from outside' })
  await askProxy(by, 'https://api.chatkitty.com/v1/users')
  const credentials = `Basic ${btoa('me:p@ss')}`
  expect(asked).toEqual([
    ['CONNECT', 'example.com:443', credentials],
    ['GET', 'http://example.com/a', credentials],
  ])
  expect(by.environment.NO_PROXY).toBe('intra.net,localhost,127.0.0.1,::1')
  outer.close()
})

it('an outer proxy that refuses gives 502', async () => {
  const by = await start({ https_proxy: `127.0.0.1:${port}` }) // closes the connection on CONNECT
  const { statusCode, socket } = await tunnel(by, 'example.com:443')
  socket.destroy()
  expect(statusCode).toBe(502)
})

it('existing settings are kept: options of Node, and hosts in NO_PROXY other than the names', async () => {
  const { environment } = await start({
    NODE_OPTIONS: '--no-warnings',
    no_proxy: '.example.com, chatkitty.com, *.chatkitty.com api.chatkitty.com:443',
  })
  expect(environment.NODE_OPTIONS).toMatch(
    /^--no-warnings --import=file:\/\/\S+\/hook\.mjs\?gateway=\d+&names=\S+$/,
  )
  expect(environment.no_proxy).toBe('.example.com,localhost,127.0.0.1,::1')
  expect(environment.NO_PROXY).toBe(environment.no_proxy)
})

it('NO_PROXY=* disables the outer proxy', async () => {
  const by = await start({ HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' })
  expect(by.environment.NO_PROXY).toBe('localhost,127.0.0.1,::1')
  const { statusCode } = await askProxy(by, `http://localhost:${port}/`)
  expect(statusCode).toBe(200)
})

it('an outer proxy that is not http: is ignored, and reported', async () => {
  await start({ HTTPS_PROXY: 'socks5://127.0.0.1:9' })
  expect(warnings).toEqual(['HTTPS_PROXY is ignored: it is not an http: or https: proxy'])
})

it('bundles contain the authorities that the machine or variables trust, besides the own one', async () => {
  const folder = dirname(intercept.environment.SSL_CERT_FILE as string)
  const own = join(folder, 'own.pem')
  await writeFile(own, 'MINE')
  const { environment } = await start({
    SSL_CERT_FILE: own,
    NODE_EXTRA_CA_CERTS: join(folder, 'nowhere.pem'),
  })
  const read = (name: string, of = environment) => readFile(of[name] as string, 'utf8')
  for (const name of ['SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE']) {
    expect(await read(name)).toMatch(/^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\nMINE$/)
    expect((await read(name, intercept.environment)).match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50)
  }
  expect(await read('NODE_EXTRA_CA_CERTS')).toMatch(
    /^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n$/,
  )
  expect(warnings).toEqual([
    expect.stringMatching(/^NODE_EXTRA_CA_CERTS is ignored, because it cannot be read: /),
  ])
})

it('files are readable by this user only, contain no key, and are removed at the end', async () => {
  const by = await start()
  const folder = dirname(by.environment.SSL_CERT_FILE as string)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  for (const file of await readdir(folder)) {
    expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/BEGIN (?!CERTIFICATE)/)
  }
  const { socket } = await tunnel(by, `localhost:${port}`)
  await Promise.all([by.close(), once(socket, 'close')])
  expect(existsSync(folder)).toBe(false)
  await expect(askProxy(by, `http://localhost:${port}/`)).rejects.toThrow('ECONNREFUSED')
})
