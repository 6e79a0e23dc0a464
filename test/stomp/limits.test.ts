// Clients cannot overload the server.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { StompLimits } from '#stomp/limits.ts'
import { type BoardServer, openBoard } from './board.ts'
import { frame, StompClient } from './stomp-client.ts'

const open: BoardServer[] = []

async function serve(limits: Partial<StompLimits>): Promise<BoardServer> {
  const server = await openBoard(limits)
  open.push(server)
  return server
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

describe('the size of a frame', () => {
  it('may include a body of one mebibyte', async () => {
    const server = await serve({})
    const client = await StompClient.connect(server.port)
    const body = 'ü'.repeat(512 * 1024)
    await client.ask('SEND', { destination: '/a' }, body)
    expect(server.board.bodies).toEqual([body])
  })

  const limits = { headersMax: 5, lineBytesMax: 100, headBytesMax: 300, bodyBytesMax: 1000 }
  it.each([
    ['an endless line', `SEND\nx:${'y'.repeat(120)}`, 'longer than 100 bytes'],
    ['an endless command', 'S'.repeat(120), 'The command of a frame is unknown'],
    ['too many headers', `SEND\n${'a:b\n'.repeat(6)}`, 'more than 5 headers'],
    ['headers that are long together', `SEND\n${`a:${'b'.repeat(90)}\n`.repeat(4)}`, 'longer than 300 bytes'],
    ['an endless body', `SEND\ndestination:/a\n\n${'x'.repeat(1001)}`, 'longer than 1000 bytes'],
    ['a body that says it is too long', 'SEND\ncontent-length:1001\n\n', 'longer than 1000 bytes'],
  ])('is limited: %s is refused before it is complete, also byte by byte', async (_, text, reason) => {
    const server = await serve(limits)
    for (const parts of [[text], text]) {
      const client = await StompClient.connect(server.port)
      client.send(...parts)
      const { command, body } = await client.next()
      expect({ command, message: JSON.parse(body).message }).toEqual({
        command: 'ERROR',
        message: expect.stringContaining(reason),
      })
      expect(await client.closed).toBe(1002)
    }
  })

  it('is not read beyond the maximum of a WebSocket message', async () => {
    const server = await serve(limits)
    const client = await StompClient.connect(server.port)
    client.send('x'.repeat(10_000))
    expect(await client.closed).toBe(1009)
  })

  it('costs no more in a hundred thousand parts than in one', async () => {
    const server = await serve({})
    const client = await StompClient.connect(server.port)
    const text = frame('SEND', { destination: '/a', receipt: 'r' }, 'x'.repeat(100_000))
    client.send(...text)
    expect(await client.next()).toMatchObject({ command: 'RECEIPT' })
    expect(server.board.bodies[0]).toHaveLength(100_000)
  })

  it('is limited for its id, which is stored', async () => {
    const server = await serve({ idCharactersMax: 10 })
    const client = await StompClient.connect(server.port)
    client.send(frame('SUBSCRIBE', { id: 'x'.repeat(11), destination: '/a' }))
    expect(await client.next()).toMatchObject({ command: 'ERROR' })
  })
})

describe('a flood', () => {
  it('of two hundred thousand frames is processed, and other clients are served meanwhile', async () => {
    const server = await serve({})
    const [flooder, other] = [await StompClient.connect(server.port), await StompClient.connect(server.port)]
    const acks = frame('ACK', { id: '1' }).repeat(100_000)
    for (let round = 0; round < 2; round++) flooder.send(acks)
    let isOver = false
    const last = flooder.ask('SEND', { destination: '/last' }).then(() => {
      isOver = true
    })
    let served = 0
    while (!isOver) {
      await other.ask('SEND', { destination: '/other' })
      served += 1
    }
    await last
    expect(server.board.calls.filter((call) => call === 'ack 1')).toHaveLength(200_000)
    expect(served).toBeGreaterThan(20)
  })

  it('of waiting frames pauses reading from that socket', async () => {
    const server = await serve({ waitingFramesMax: 10, waitingBytesMax: 1e9, bodyBytesMax: 4_000_000 })
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(frame('SEND', { destination: '/slow' }))
    const body = 'x'.repeat(1_000_000)
    for (let count = 0; count < 100; count++) client.send(frame('SEND', { destination: '/a' }, body))
    const other = await StompClient.connect(server.port)
    for (let count = 0; count < 100; count++) await other.ask('SEND', { destination: '/b' })
    // Most of the bytes stay in the client's buffer; the kernels buffer a few.
    expect(client.ws.bufferedAmount).toBeGreaterThan(50_000_000)
    release()
    await client.ask('SEND', { destination: '/last' })
    expect(server.board.calls.filter((call) => call === 'send /a')).toHaveLength(100)
  })

  it('of waiting bytes pauses it too', async () => {
    const server = await serve({ waitingBytesMax: 1_000_000 })
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(frame('SEND', { destination: '/slow' }))
    for (let count = 0; count < 60; count++)
      client.send(frame('SEND', { destination: '/a' }, 'x'.repeat(1_000_000)))
    const other = await StompClient.connect(server.port)
    for (let count = 0; count < 100; count++) await other.ask('SEND', { destination: '/b' })
    expect(client.ws.bufferedAmount).toBeGreaterThan(30_000_000)
    release()
    await client.ask('SEND', { destination: '/last' })
    expect(server.board.calls.filter((call) => call === 'send /a')).toHaveLength(60)
  })

  it('of subscriptions is refused', async () => {
    const server = await serve({ subscriptionsMax: 100 })
    const client = await StompClient.connect(server.port)
    for (let id = 0; id < 101; id++) client.send(frame('SUBSCRIBE', { id: `${id}`, destination: '/a' }))
    const { command, body } = await client.next()
    expect({ command, body }).toMatchObject({
      command: 'ERROR',
      body: expect.stringContaining('at most 100'),
    })
  })

  it('of random bytes affects no other client', async () => {
    const server = await serve({ closeMs: 200, tickMs: 20 })
    const good = await StompClient.connect(server.port)
    let seed = 1
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed
    }
    for (let round = 0; round < 50; round++) {
      const bytes = Buffer.from(Array.from({ length: 1 + (random() % 300) }, () => random() % 256))
      const client = await StompClient.open(server.port)
      if (round % 2) client.send(frame('CONNECT'))
      client.send(bytes, Buffer.alloc(1))
      const socket = connectTcp(server.port, '127.0.0.1', () => socket.end(bytes)).on('error', () => {})
      client.ws.close()
      await client.closed
    }
    expect(await good.ask('SEND', { destination: '/a' })).toEqual([])
    await expect.poll(() => server.stomp.count).toBe(1)
    expect(server.logged.filter(({ level }) => level !== 'info')).toEqual([])
  })
})

describe('a slow reader', () => {
  it('is disconnected at a limit, and others receive everything', async () => {
    const server = await serve({ bufferedBytesMax: 100_000 })
    const [slow, quick] = [await StompClient.connect(server.port), await StompClient.connect(server.port)]
    for (const client of [slow, quick]) await client.ask('SUBSCRIBE', { id: 's', destination: '/a' })
    slow.ws.pause()
    const body = 'x'.repeat(50_000)
    let sent = 0
    while (server.stomp.cutOff === 0 && sent < 1000) {
      await server.board.publish('/a', body)
      sent += 1
      expect(await quick.next()).toMatchObject({ body })
    }
    expect(server.stomp.cutOff).toBe(1)
    expect(server.stomp.count).toBe(1)
    expect(server.board.calls.at(-1)).toBe('closed lost')
    expect(server.logged).toEqual([
      { level: 'warn', fields: { connectionId: expect.any(Number) }, message: 'a slow reader was cut off' },
    ])
    await server.board.publish('/a', 'after')
    expect(await quick.next()).toMatchObject({ body: 'after' })
    slow.ws.terminate()
  })

  it('may receive one frame that is larger than the limit', async () => {
    const server = await serve({ bufferedBytesMax: 100_000 })
    const client = await StompClient.connect(server.port)
    await client.ask('SUBSCRIBE', { id: 's', destination: '/a' })
    await server.board.publish('/a', 'x'.repeat(10_000_000))
    expect((await client.next()).body).toHaveLength(10_000_000)
  })
})

describe('the time', () => {
  it('to send CONNECT is limited', async () => {
    const server = await serve({ connectMs: 50, tickMs: 10 })
    const client = await StompClient.open(server.port)
    expect(JSON.parse((await client.next()).body)).toMatchObject({ message: 'No CONNECT within 50 ms' })
    await client.closed
    await expect.poll(() => server.stomp.count).toBe(0)
  })

  it('is extended by heart-beats, also beside other frames, and is unlimited for clients without them', async () => {
    const server = await serve({ heartBeatMs: 100, tickMs: 10 })
    const [wants, declines] = await Promise.all([
      StompClient.connect(server.port, { 'heart-beat': '0,20' }),
      StompClient.connect(server.port, { 'heart-beat': '0,0' }),
    ])
    await wants.ask('SUBSCRIBE', { id: 's', destination: '/a' })
    const timer = setInterval(() => server.board.publish('/a', 'x'), 5)
    await expect.poll(() => wants.beats).toBeGreaterThan(3)
    clearInterval(timer)
    expect(wants.messages.filter((message) => message === '\n')).toHaveLength(wants.beats)
    expect(declines.beats).toBe(0)
  })

  it('runs out for a silent connection that promised heart-beats', async () => {
    const server = await serve({ heartBeatMs: 200, tickMs: 10 })
    const [silent, beating, free] = await Promise.all([
      StompClient.connect(server.port, { 'heart-beat': '200,0' }),
      StompClient.connect(server.port, { 'heart-beat': '200,0' }),
      StompClient.connect(server.port, { 'heart-beat': '0,0' }),
    ])
    const timer = setInterval(() => beating.send('\n'), 20)
    expect(await silent.closed).toBe(1006)
    expect(await beating.ask('SEND', { destination: '/a' })).toEqual([])
    expect(await free.ask('SEND', { destination: '/a' })).toEqual([])
    clearInterval(timer)
    expect(server.logged).toContainEqual(
      expect.objectContaining({ message: 'a connection missed its heart-beats' }),
    )
  })

  it('runs out for a client that does not close the socket after DISCONNECT, or after an ERROR', async () => {
    const server = await serve({ lingerMs: 30, closeMs: 30, tickMs: 10 })
    const upgrade = (text: string) => deafSocket(server.port, text)
    const sockets = await Promise.all([
      upgrade(frame('CONNECT') + frame('DISCONNECT', { receipt: 'bye' })),
      upgrade(frame('PUBLISH')),
    ])
    await expect.poll(() => sockets.map(({ closed }) => closed)).toEqual([true, true])
    await expect.poll(() => server.stomp.count).toBe(0)
    expect(server.board.calls).toEqual(['connect nobody', 'closed disconnect'])
  })
})

describe('closed connections', () => {
  it('leave nothing behind', async () => {
    const server = await serve({})
    const references: WeakRef<object>[] = []
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => StompClient.connect(server.port)))
      for (const client of clients) await client.ask('SUBSCRIBE', { id: 's', destination: '/a' })
      for (const connection of server.board.connections) references.push(new WeakRef(connection))
      for (const client of clients) client.ws.terminate()
      await expect.poll(() => server.stomp.count).toBe(0)
    }
    expect(server.board.connections.size).toBe(0)
    const { setFlagsFromString } = await import('node:v8')
    setFlagsFromString('--expose-gc')
    const { runInNewContext } = await import('node:vm')
    const collect = runInNewContext('gc') as () => void
    await expect
      .poll(() => {
        collect()
        return references.filter((reference) => reference.deref()).length
      })
      .toBeLessThan(5)
  })
})

/** Opens a WebSocket, sends one message, and never answers the closing handshake. */
async function deafSocket(port: number, text: string): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    'GET /rtm/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(socket, 'data')
  socket.resume()
  // A text message with a mask of zeros.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]))
  return socket
}

describe('before CONNECTED, a client', () => {
  it('may send only a few bytes, in one message or in many, and gets an error beyond that', async () => {
    const server = await serve({ connectBytesMax: 10_000, closeMs: 50, tickMs: 10 })
    const large = await StompClient.open(server.port)
    large.send(`CONNECT\na:${'x'.repeat(12_000)}`)
    expect(JSON.parse((await large.next()).body)).toMatchObject({
      error: 'ProtocolError',
      message: 'A client may send 10000 bytes before it is CONNECTED',
    })
    const many = await StompClient.open(server.port)
    for (let at = 0; at < 20; at++) many.send('\n'.repeat(1_000))
    expect((await many.next()).command).toBe('ERROR')
  })

  it('has no memory used for a message that never ends', async () => {
    const server = await serve({ connectBytesMax: 10_000, closeMs: 50, tickMs: 10 })
    const client = await StompClient.open(server.port)
    client.ws.send('x'.repeat(9_000), { fin: false })
    client.ws.send('x'.repeat(9_000), { fin: false })
    expect((await client.next()).command).toBe('ERROR')
    client.ws.on('error', () => {})
    await expect.poll(() => server.stomp.count).toBe(0)
  })

  it('may send more once it is connected', async () => {
    const server = await serve({ connectBytesMax: 10_000, closeMs: 50, tickMs: 10 })
    const client = await StompClient.connect(server.port)
    expect(await client.ask('SEND', { destination: '/a' }, 'x'.repeat(100_000))).toEqual([])
  })
})
