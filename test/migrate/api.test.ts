// Requests to the API of the service from which data are migrated.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { ChatKittyApi } from '#migrate/chatkitty/api.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const json =
  (document: unknown): Answer =>
  (response) =>
    void response.end(JSON.stringify(document))

/** A service that issues tokens, and gives these answers in turn; the last one is repeated. */
async function service(answers: Answer[], { rate = 1_000, patienceMs = 60_000, tokenSeconds = 3_600 } = {}) {
  /** The arrival time of each request, in milliseconds. */
  const times: number[] = []
  let tokens = 0
  let aheadMs = 0
  const server = createServer((request, response) => {
    if (request.url === '/oauth/token') {
      tokens++
      return json({ access_token: `token-${tokens}`, expires_in: tokenSeconds })(response, request)
    }
    times.push(performance.now())
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    answer?.(response, request)
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const api = new ChatKittyApi({
    baseUrl: `${baseUrl}/v1/`,
    tokenUrl: `${baseUrl}/oauth/token`,
    clientId: 'id',
    clientSecret: 'very-secret',
    rate,
    patienceMs,
    clock: { now: () => Date.now() + aheadMs },
  })
  const later = (ms: number) => {
    aheadMs += ms
  }
  return { api, times, tokens: () => tokens, later }
}

it('requests keep to the rate limit, however many are made at once', async () => {
  const { api, times } = await service([json({})], { rate: 50 })
  const begin = performance.now() // the first may arrive late
  await Promise.all(Array.from({ length: 8 }, () => api.get('/users')))
  // A timer may fire a millisecond early.
  expect((times.at(-1) as number) - begin).toBeGreaterThan((7 / 50) * 1_000 - 20)
})

it('a 429 pauses that request and all others for the given time', async () => {
  const limited: Answer = (response) => void response.writeHead(429, { 'retry-after': '1' }).end()
  const { api, times } = await service([limited, json({ created_time: 'now', properties: { a_b: 1 } })])
  const first = api.get('/users')
  while (times.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const second = api.get('/channels')
  expect(await first).toEqual({ createdTime: 'now', properties: { a_b: 1 } })
  await second
  expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(980)
  expect(api.usage).toMatchObject({ repeated: 1 })
})

it('a token that expires, or is revoked, is replaced', async () => {
  const authorizations: (string | undefined)[] = []
  const note: Answer = (response, request) => {
    authorizations.push(request.headers.authorization)
    json({})(response, request)
  }
  const refuse: Answer = (response) => void response.writeHead(401).end()
  const { api, tokens } = await service([note, refuse, note])
  await api.get('/users')
  await api.get('/users')
  expect(authorizations).toEqual(['Bearer token-1', 'Bearer token-2'])
  expect(tokens()).toBe(2)
  const short = await service([json({})], { tokenSeconds: 3_600 })
  await short.api.get('/users')
  short.later(3_550_000)
  await short.api.get('/users')
  expect(short.tokens()).toBe(2)
})

it('a response that is truncated, or no JSON, is retried until the time limit; the secret is in no message', async () => {
  const cut: Answer = (response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{"a":', () => response.destroy())
  }
  const page: Answer = (response) => void response.end('<html>')
  const { api } = await service([cut, page, json({ a: 1 })])
  expect(await api.get('/users')).toEqual({ a: 1 })
  const away: Answer = (response) => void response.writeHead(503).end()
  const failing = await service([away], { patienceMs: 400 })
  const error: Error = await failing.api.get<never>('/users').catch((reason) => reason)
  expect(error.message).toMatch(
    /^The source has failed \/v1\/users for \d+ s: it answers 503\. Run the command again/,
  )
  expect(JSON.stringify([error.message, error.stack])).not.toContain('very-secret')
})
