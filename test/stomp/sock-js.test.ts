import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Client } from '@stomp/stompjs'
import SockJs from 'sockjs-client'
import { v4 as uuid } from 'uuid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type BoardServer, openBoard } from './board.ts'
import { frame } from './stomp-client.ts'

let server: BoardServer
let url: string
/** An unused session name. */
let session: string

beforeEach(async () => {
  session = uuid()
  server = await openBoard({
    closeMs: 500,
    lingerMs: 50,
    tickMs: 20,
    bodyBytesMax: 200_000,
    waitingFramesMax: 50,
    connectBytesMax: 20_000,
  })
  url = `http://127.0.0.1:${server.port}`
})

afterEach(() => server.close())

const transports = ['websocket', 'xhr-streaming', 'xhr-polling']

function clientOver(transport: string, path = '/rtm?api-key=secret'): Client {
  return new Client({
    webSocketFactory: () => new SockJs(`${url}${path}`, undefined, { transports: [transport] }),
    connectHeaders: { login: 'jane' },
    reconnectDelay: 0,
  })
}

async function connected(client: Client): Promise<Client> {
  const { promise, resolve } = Promise.withResolvers<void>()
  client.onConnect = () => resolve()
  client.activate()
  await promise
  return client
}

/** Sends a request as SockJS does over HTTP. */
function post(path: string, body = ''): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', body })
}

describe.each(transports)('SockJS over %s', (transport) => {
  it('carries a whole session, in order', async () => {
    const client = await connected(clientOver(transport))
    const [connection] = server.board.connections
    expect(connection?.request.query.get('api-key')).toBe('secret')
    expect(connection?.request.origin).toBe(url)
    expect(connection?.request.address).toContain('127.0.0.1')
    const bodies: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    client.watchForReceipt('r', () => resolve())
    client.subscribe('/a', ({ body }) => bodies.push(body), { receipt: 'r' })
    await promise
    // More than fits into one answer of a transport.
    const texts = Array.from({ length: 60 }, (_, at) => `${at} "ü\\ ${'x'.repeat(5000)}`)
    for (const body of texts) client.publish({ destination: '/a', body })
    await expect.poll(() => bodies).toEqual(texts)
    await client.deactivate()
    // The server notices only after a while that a client no longer polls.
    await expect.poll(() => server.board.calls.at(-1)).toBe('closed disconnect')
    await expect.poll(() => server.stomp.count).toBe(0)
  })

  it('sends the reason when it is refused', async () => {
    const client = clientOver(transport)
    client.connectHeaders = { login: 'reject' }
    const { promise, resolve } = Promise.withResolvers<string>()
    client.onStompError = ({ body }) => resolve(body)
    client.activate()
    expect(JSON.parse(await promise)).toMatchObject({ error: 'AccessDeniedError' })
    await client.deactivate({ force: true })
    await expect.poll(() => server.stomp.count).toBe(0)
  })

  it('ends with the server', async () => {
    const client = await connected(clientOver(transport, '/stompx'))
    const { promise, resolve } = Promise.withResolvers<number>()
    client.onWebSocketClose = ({ code }: CloseEvent) => resolve(code)
    await server.stomp.close()
    expect(await promise).toBe(1001)
    expect(server.stomp.count).toBe(0)
    await client.deactivate()
  })
})

describe('SockJS', () => {
  it('answers /info to scripts of every origin', async () => {
    const response = await fetch(`${url}/rtm/info?api-key=1`, { headers: { origin: 'http://app.test' } })
    expect(await response.json()).toMatchObject({ websocket: true, cookie_needed: false })
    expect(response.headers.get('access-control-allow-origin')).toBe('http://app.test')
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    const preflight = await fetch(`${url}/rtm/000/abc/xhr`, {
      method: 'OPTIONS',
      headers: { origin: 'http://app.test' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('http://app.test')
  })

  it('serves no page that loads scripts from elsewhere', async () => {
    for (const path of ['/rtm', '/rtm/', '/rtm/iframe.html', '/rtm/iframe-1.6.1.html']) {
      expect(await (await fetch(`${url}${path}`)).text()).toBe(`plain ${path}`)
    }
  })

  it('never puts what a client sends into a page or a script of its origin', async () => {
    for (const transport of ['htmlfile?c=x', 'jsonp?c=x', 'jsonp_send']) {
      const path = `/rtm/0/${session}/${transport}`
      expect(await (await fetch(`${url}${path}`)).text()).toBe(`plain ${path}`)
    }
    await post(`/rtm/0/${session}/xhr`)
    await post(`/rtm/0/${session}/xhr_send`, JSON.stringify(['SEND\nreceipt:</script>\n\n\0']))
    for (const transport of ['xhr', 'eventsource']) {
      const response = await fetch(`${url}/rtm/0/${session}/${transport}`, {
        method: transport === 'xhr' ? 'POST' : 'GET',
      })
      expect(response.headers.get('content-type')).toMatch(/^(application\/javascript|text\/event-stream)/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      await response.body?.cancel()
    }
  })

  it.each(['__proto__', 'constructor', 'toString'])('has no session called %s', async (name) => {
    for (const transport of ['xhr', 'xhr_send']) {
      expect(await (await post(`/rtm/0/${name}/${transport}`)).text()).toContain('plain')
    }
  })

  it.each([
    ['no JSON', '['],
    ['nothing', ''],
    ['no array', '"text"'],
  ])('refuses %s', async (_, body) => {
    await post(`/rtm/0/${session}/xhr`)
    expect((await post(`/rtm/0/${session}/xhr_send`, body)).status).toBe(400)
    expect((await post('/rtm/0/unknown/xhr_send', '["text"]')).status).toBe(404)
  })

  it.each([
    ['in one request', [12_000]],
    ['in many', [4_000, 4_000, 4_000, 4_000]],
  ])('accepts few bytes before a client is CONNECTED, %s', async (_, sizes) => {
    await post(`/rtm/0/${session}/xhr`)
    const send = (size: number) => post(`/rtm/0/${session}/xhr_send`, JSON.stringify([`\n`.repeat(size)]))
    const statuses: number[] = []
    for (const size of sizes) statuses.push((await send(size)).status)
    expect(statuses).toEqual([...sizes.slice(1).map(() => 204), 413])
    expect(server.board.calls).toEqual([])
  })

  it('accepts more from a client that is CONNECTED', async () => {
    await post(`/rtm/0/${session}/xhr`)
    await post(`/rtm/0/${session}/xhr_send`, JSON.stringify([frame('CONNECT')]))
    const body = 'x'.repeat(100_000)
    const text = frame('SEND', { destination: '/a' }, body)
    expect((await post(`/rtm/0/${session}/xhr_send`, JSON.stringify([text]))).status).toBe(204)
    await expect.poll(() => server.board.bodies).toEqual([body])
  })

  it('accepts only texts, and closes a connection whose texts are no frames', async () => {
    await post(`/rtm/0/${session}/xhr`)
    expect((await post(`/rtm/0/${session}/xhr_send`, '[1,null,{}]')).status).toBe(204)
    expect((await post(`/rtm/0/${session}/xhr_send`, '["PUBLISH\\n"]')).status).toBe(204)
    expect(await (await post(`/rtm/0/${session}/xhr`)).text()).toMatch(/^a\["ERROR/)
    expect(await (await post(`/rtm/0/${session}/xhr`)).text()).toMatch(/^c\[1002,/)
  })

  it.each([
    ['says so', 'Content-Length: 10000000', 'nothing of it'],
    ['does not', 'Transfer-Encoding: chunked', `a00000\r\n${'x'.repeat(600_000)}`],
  ])('refuses what is too large without reading it, whether it %s', async (_, header, body) => {
    await post(`/rtm/0/${session}/xhr`)
    const socket = connectTcp(server.port, '127.0.0.1').on('error', () => {})
    socket.write(`POST /rtm/0/${session}/xhr_send HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n${body}`)
    const [data] = await once(socket, 'data')
    socket.destroy()
    expect(String(data)).toContain('413 Payload Too Large')
  })

  it('does not read further requests of a client while earlier frames wait', async () => {
    const release = server.board.hold('/slow')
    await post(`/rtm/0/${session}/xhr`)
    const sends = (count: number, text: string) => JSON.stringify(Array.from({ length: count }, () => text))
    await post(`/rtm/0/${session}/xhr_send`, JSON.stringify([frame('CONNECT')]))
    await post(`/rtm/0/${session}/xhr`)
    await post(`/rtm/0/${session}/xhr_send`, sends(60, frame('SEND', { destination: '/slow' })))
    let isTaken = false
    const late = post(`/rtm/0/${session}/xhr_send`, sends(1, frame('SEND', { destination: '/late' }))).then(
      () => {
        isTaken = true
      },
    )
    await post(`/rtm/0/other${session}/xhr`)
    await post(`/rtm/0/other${session}/xhr_send`, sends(1, frame('CONNECT', { login: 'other' })))
    await expect.poll(() => server.board.calls).toContain('connect other')
    expect(isTaken).toBe(false)
    release()
    await late
    await expect.poll(() => server.board.calls.at(-1)).toBe('send /late')
    expect(server.board.calls.filter((call) => call === 'send /slow')).toHaveLength(60)
  })

  it('disconnects a client that does not fetch its messages', async () => {
    await server.close()
    server = await openBoard({ bufferedBytesMax: 100_000 })
    url = `http://127.0.0.1:${server.port}`
    const start = [frame('CONNECT'), frame('SUBSCRIBE', { id: 's', destination: '/a' })]
    await post(`/rtm/0/${session}/xhr`)
    await post(`/rtm/0/${session}/xhr_send`, JSON.stringify(start))
    await expect.poll(() => server.board.calls).toContain('subscribe /a')
    for (let count = 0; count < 5; count++) await server.board.publish('/a', 'x'.repeat(50_000))
    expect(server.stomp.cutOff).toBe(1)
    expect(server.stomp.count).toBe(0)
  })

  it('detects a client that disconnects in the middle', async () => {
    const client = await connected(clientOver('xhr-streaming'))
    await client.deactivate({ force: true })
    await expect.poll(() => server.board.calls.at(-1)).toBe('closed lost')
  })

  it('closes a WebSocket with invalid framing', async () => {
    for (const text of ['[', '{}', '[1]', 'null']) {
      const ws = new WebSocket(`ws://127.0.0.1:${server.port}/rtm/000/session/websocket`)
      await once(ws, 'message')
      ws.send(text)
      await once(ws, 'close')
    }
    await expect.poll(() => server.stomp.count).toBe(0)
  })
})
