import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { Client } from '@stomp/stompjs'
import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realClock } from '#clock/clock.ts'
import { attachStomp } from '#stomp/server.ts'
import { Board, type BoardServer, openBoard } from './board.ts'
import { frame, StompClient } from './stomp-client.ts'

let server: BoardServer

beforeEach(async () => {
  server = await openBoard({ closeMs: 200, tickMs: 20 })
})

afterEach(() => server.close())

/** Requests an upgrade. @returns the status of the answer, upgraded or not */
async function upgrade(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  const request = httpRequest({
    port,
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  })
  request.end()
  const answered = ['response', 'upgrade'].map((event) => once(request, event))
  const [response] = (await Promise.race(answered)) as [IncomingMessage]
  response.socket.destroy()
  return response.statusCode ?? 0
}

function resetOnceWritten(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.write('', () => {
      socket.resetAndDestroy()
      resolve()
    })
  })
}

describe('a WebSocket', () => {
  it.each([
    '/rtm',
    '/rtm/websocket',
    '/rtm/websocket?api-key=1',
    '/stompx',
    '/stompx/websocket',
    '/rtm/websocket/',
  ])('is opened at %s', async (path) => {
    const client = await StompClient.connect(server.port, {}, path)
    expect(await client.ask('SEND', { destination: '/a' })).toEqual([])
  })

  it.each(['/', '/rtm/other', '/rtmx', '/rtm/websocket/x', '/v1/users'])('is refused at %s', async (path) => {
    expect(await upgrade(server.port, path)).toBe(404)
  })

  it.each([
    [[], ''],
    [['v12.stomp'], 'v12.stomp'],
    [['v10.stomp', 'v11.stomp', 'v12.stomp'], 'v12.stomp'],
  ])('that offers %s gets the sub-protocol %s', async (offered, answered) => {
    const client = await StompClient.open(server.port, '/rtm', offered)
    expect(client.ws.protocol).toBe(answered)
  })

  it('with a broken handshake is refused', async () => {
    expect(await upgrade(server.port, '/rtm/websocket', { 'sec-websocket-key': 'short' })).toBe(400)
  })

  it.each([
    ['one after the other', 1],
    ['with many others that wait', 50],
  ])('that is reset during the handshake affects no other, %s', async (_, atOnce) => {
    for (const path of ['/rtm/websocket', '/nowhere']) {
      for (let round = 0; round < 20; round++) {
        const sockets = Array.from({ length: atOnce }, () => connectTcp(server.port, '127.0.0.1'))
        await Promise.all(sockets.map((socket) => once(socket, 'connect')))
        for (const socket of sockets) {
          socket.on('error', () => {})
          socket.write(
            `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
              'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
          )
        }
        await Promise.all(sockets.map(resetOnceWritten))
      }
    }
    await StompClient.connect(server.port)
    await expect.poll(() => server.stomp.count).toBe(1)
  })
})

describe('the rest of the server', () => {
  it('answers as before, including other upgrades such as h2c', async () => {
    const { port } = server
    for (const path of [
      '/',
      '/rtm',
      '/rtm/',
      '/rtm/x',
      '/rtm/websocket',
      '/rtm/iframe.html',
      '/v1/users?x=/rtm/info',
    ]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      expect(await response.text()).toBe(`plain ${path}`)
    }
    expect(await upgrade(port, '/v1/users', { upgrade: 'h2c' })).toBe(200)
  })

  it('still answers after the STOMP server is closed', async () => {
    await server.stomp.close()
    const response = await fetch(`http://127.0.0.1:${server.port}/rtm/info`)
    expect(await response.text()).toBe('plain /rtm/info')
    expect(await upgrade(server.port, '/rtm')).toBe(200)
  })

  it('may be Fastify, with its routes, errors and its close', async () => {
    const app = fastify()
    app.get('/hello', async () => ({ hello: 'world' }))
    const board = new Board()
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const stomp = attachStomp(app.server, {
      clock: realClock,
      paths: ['/rtm'],
      handler: board,
      locate: () => ({ origin: undefined, address: '' }),
      log,
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    const client = await StompClient.connect(port)
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).json()
    expect(await get('/hello')).toEqual({ hello: 'world' })
    expect(await get('/rtm/info')).toMatchObject({ websocket: true })
    expect(await get('/rtm/nothing')).toMatchObject({ statusCode: 404 })
    expect(await client.ask('SEND', { destination: '/a' })).toEqual([])
    await stomp.close()
    expect(await client.closed).toBe(1001)
    await app.close()
  })
})

describe('closing the server', () => {
  it('processes what was read, sends what waits, and sends that the server is going away', async () => {
    const client = await StompClient.connect(server.port)
    await client.ask('SUBSCRIBE', { id: 's', destination: '/slow' })
    const release = server.board.hold('/slow')
    client.send(frame('SEND', { destination: '/slow', receipt: 'r' }, 'before the end'))
    await client.ask('ACK', { id: '1' })
    const closing = server.stomp.close()
    expect(await upgrade(server.port, '/rtm')).toBe(503)
    release()
    expect(await client.next()).toMatchObject({ body: 'before the end' })
    expect(await client.next()).toMatchObject({ command: 'RECEIPT' })
    expect(await client.closed).toBe(1001)
    await closing
    expect(server.board.calls.at(-1)).toBe('closed lost')
    expect(server.stomp.count).toBe(0)
  })

  it('does not wait for clients that do not answer or calls that hang', async () => {
    const release = server.board.hold('/slow')
    const [deaf, busy] = [await StompClient.connect(server.port), await StompClient.connect(server.port)]
    deaf.ws.pause()
    busy.send(frame('SEND', { destination: '/slow' }))
    await busy.ask('ACK', { id: '1' })
    await server.stomp.close()
    expect(server.stomp.count).toBe(1)
    release()
    await expect.poll(() => server.stomp.count).toBe(0)
    deaf.ws.terminate()
  })
})

it('the official client connects to it, and reconnects after a loss', async () => {
  const client = new Client({
    brokerURL: `ws://127.0.0.1:${server.port}/rtm/websocket`,
    connectHeaders: { login: 'öfficial:client' },
    heartbeatIncoming: 10_000,
    heartbeatOutgoing: 60_000,
    reconnectDelay: 10,
  })
  let connects = 0
  const bodies: string[] = []
  const receipts: string[] = []
  client.onConnect = () => {
    connects += 1
    client.watchForReceipt('subscribed', ({ headers }) => receipts.push(headers['receipt-id'] ?? ''))
    client.subscribe('/a:b', ({ body }) => bodies.push(body), { receipt: 'subscribed', id: 'same' })
  }
  client.activate()
  await expect.poll(() => receipts).toHaveLength(1)
  const texts = Array.from({ length: 200 }, (_, at) => `${at} ${'ü\0'.repeat(at)}`)
  for (const text of texts) client.publish({ destination: '/a:b', body: text })
  await expect.poll(() => bodies).toEqual(texts)

  const [connection] = server.board.connections
  connection?.close()
  await expect.poll(() => receipts).toHaveLength(2)
  client.publish({ destination: '/a:b', binaryBody: new TextEncoder().encode('as bytes') })
  await expect.poll(() => bodies.at(-1)).toBe('as bytes')
  await client.deactivate()
  expect(connects).toBe(2)
  await expect.poll(() => server.board.calls.at(-1)).toBe('closed disconnect')
})
