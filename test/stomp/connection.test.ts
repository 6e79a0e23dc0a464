import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChatError } from '#errors.ts'
import { type BoardServer, openBoard } from './board.ts'
import { frame, StompClient } from './stomp-client.ts'

let server: BoardServer

beforeEach(async () => {
  server = await openBoard()
})

afterEach(() => server.close())

describe('connecting', () => {
  it('answers with the version, heart-beats and the headers of the application', async () => {
    const client = await StompClient.open(server.port)
    client.send(frame('CONNECT', { 'accept-version': '1.1,1.2', login: 'a:b', 'heart-beat': '60000,10000' }))
    expect(await client.next()).toMatchObject({
      command: 'CONNECTED',
      headers: { version: '1.2', 'heart-beat': '10000,10000', session: 'a:b' },
    })
    expect(client.ws.protocol).toBe('v12.stomp')
  })

  it.each([
    ['STOMP instead of CONNECT', frame('STOMP', { 'accept-version': '1.2' })],
    ['no accept-version', frame('CONNECT')],
    ['header names in any case', frame('connect'.toUpperCase(), { 'ACCEPT-Version': '1.2' })],
    ['carriage returns', 'CONNECT\r\naccept-version:1.2\r\n\r\n\0'],
    ['line feeds before it', `\n\r\n${frame('CONNECT')}`],
  ])('accepts %s', async (_, text) => {
    const client = await StompClient.open(server.port)
    client.send(text)
    expect(await client.next()).toMatchObject({ command: 'CONNECTED' })
  })

  it('accepts bytes as well as text, in parts as well as whole', async () => {
    const client = await StompClient.open(server.port)
    for (const byte of Buffer.from(frame('CONNECT', { login: 'jürgen' }))) client.send(Buffer.from([byte]))
    expect(await client.next()).toMatchObject({ command: 'CONNECTED', headers: { session: 'jürgen' } })
  })

  it('does not unescape headers of CONNECT', async () => {
    const client = await StompClient.connect(server.port, { login: 'back\\slash\\n' })
    expect(server.board.calls).toEqual(['connect back\\slash\\n'])
    client.ws.close()
  })

  it('sends the reason when the application refuses, and closes', async () => {
    const client = await StompClient.open(server.port)
    client.send(frame('CONNECT', { login: 'reject' }))
    const { command, headers, body } = await client.next()
    expect({ command, type: headers['content-type'] }).toEqual({ command: 'ERROR', type: 'application/json' })
    expect(JSON.parse(body)).toEqual({
      error: 'AccessDeniedError',
      message: 'Not you',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(await client.closed).toBe(1008)
    await expect.poll(() => server.stomp.count).toBe(0)
    expect(server.board.calls).toEqual([])
  })

  it('reveals nothing of an internal error but that there was one', async () => {
    const client = await StompClient.open(server.port)
    client.send(frame('CONNECT', { login: 'explode' }))
    const { body } = await client.next()
    expect(JSON.parse(body)).toMatchObject({ error: 'InternalServerError' })
    expect(body).not.toContain('secret')
    expect(server.logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'handling a frame failed' }),
    )
  })

  it('passes the query and the origin for links to the application', async () => {
    const { port } = server
    const client = await StompClient.connect(port, {}, '/stompx/websocket?api-key=a%2Bb')
    const [connection] = server.board.connections
    expect(connection?.request.query.get('api-key')).toBe('a+b')
    expect(connection?.request.origin).toBe(`http://127.0.0.1:${port}`)
    client.ws.close()
  })
})

describe('frames of a connection', () => {
  it('are processed one after the other, each with its RECEIPT', async () => {
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(
      frame('SEND', { destination: '/slow', receipt: '1' }, 'first') +
        frame('SUBSCRIBE', { id: 's', destination: '/a', receipt: '2' }) +
        frame('SEND', { destination: '/a', receipt: '3' }, 'second') +
        frame('UNSUBSCRIBE', { id: 's', receipt: '4' }) +
        frame('SEND', { destination: '/a', receipt: '5' }, 'third'),
    )
    const before = client.frames.length
    await client.ask('ACK', { id: 'overtakes' })
    expect(client.frames.length).toBe(before + 1)
    release()
    await expect.poll(() => client.frames.length).toBe(before + 7)
    expect(client.frames.slice(2).map(({ command, headers }) => headers['receipt-id'] ?? command)).toEqual([
      '1',
      '2',
      'MESSAGE',
      '3',
      '4',
      '5',
    ])
    expect(server.board.calls).toEqual([
      'connect nobody',
      'ack overtakes',
      'send /slow',
      'subscribe /a',
      'send /a',
      'unsubscribe s',
      'send /a',
    ])
  })

  it('are processed concurrently if they only read, up to sixteen at once', async () => {
    const release = server.board.hold('/read/slow')
    const client = await StompClient.connect(server.port)
    for (let id = 0; id < 40; id++)
      client.send(frame('SUBSCRIBE', { id: `${id}`, destination: '/read/slow' }))
    await client.ask('SEND', { destination: '/a' })
    expect(server.board.calls).toEqual(['connect nobody', 'send /a'])
    expect(server.board.runningMost).toBe(16)
    release()
    for (let id = 0; id < 40; id++) expect(await client.next()).toMatchObject({ body: `read ${id}` })
    expect(server.board.runningMost).toBe(16)
  })

  it('that read see the effects of those sent before them', async () => {
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(
      frame('SEND', { destination: '/slow' }),
      frame('SUBSCRIBE', { id: 'r', destination: '/read/x' }),
    )
    await client.ask('ACK', { id: '1' })
    release()
    expect(await client.next()).toMatchObject({ body: 'read r' })
    expect(server.board.calls.slice(2)).toEqual(['send /slow', 'subscribe /read/x'])
  })

  it('that read release their id afterwards', async () => {
    const client = await StompClient.connect(server.port)
    for (const _ of [1, 2]) {
      const [message] = await client.ask('SUBSCRIBE', { id: 'same', destination: '/read/x' })
      expect(message).toMatchObject({ body: 'read same' })
    }
  })

  it('that fail get the error of the application and no RECEIPT; the connection stays open', async () => {
    const client = await StompClient.connect(server.port)
    client.send(
      frame('SEND', { destination: '/refused', receipt: '1' }),
      frame('SUBSCRIBE', { id: 's', destination: '/refused', receipt: '2' }),
    )
    expect(await client.next()).toMatchObject({ command: 'MESSAGE', headers: { receipt: '1' }, body: 'no' })
    expect(await client.next()).toMatchObject({ command: 'MESSAGE', headers: { receipt: '2' }, body: 'no' })
    expect(await client.ask('SUBSCRIBE', { id: 's', destination: '/a' })).toEqual([])
  })

  it('keep their content: escapes, NULs by content-length, empty bodies', async () => {
    const client = await StompClient.connect(server.port)
    await client.ask('SUBSCRIBE', { id: 's', destination: '/a\\cb\\n\\\\' })
    const [message] = await client.ask(
      'SEND',
      { destination: '/a\\cb\\n\\\\', 'content-length': '5' },
      'a\0ü\0',
    )
    expect(message).toMatchObject({
      headers: { destination: '/a\\cb\\n\\\\', 'content-length': '5' },
      body: 'a\0ü\0',
    })
    expect(await client.ask('SEND', { destination: '/a' })).toEqual([])
    expect(server.board.bodies).toEqual(['a\0ü\0', ''])
  })

  it('may UNSUBSCRIBE an unknown id', async () => {
    const client = await StompClient.connect(server.port)
    expect(await client.ask('UNSUBSCRIBE', { id: 'never' })).toEqual([])
    expect(server.board.calls).toEqual(['connect nobody'])
  })

  it('arrive one per WebSocket message, since not every client splits them', async () => {
    const client = await StompClient.connect(server.port)
    await client.ask('SUBSCRIBE', { id: 's', destination: '/a' })
    await Promise.all([1, 2, 3].map((each) => server.board.publish('/a', `${each}`)))
    for (const each of [1, 2, 3]) expect(await client.next()).toMatchObject({ body: `${each}` })
    expect(client.messages).toHaveLength(client.frames.length)
  })

  it('arrive complete, whatever their size and their characters', async () => {
    const client = await StompClient.connect(server.port)
    client.send(frame('SUBSCRIBE', { id: 'ü', destination: '/chät', receipt: 'r' }))
    expect(await client.next()).toMatchObject({ command: 'RECEIPT' })
    // The header of a WebSocket message changes its format at 126 and at 65,536 bytes.
    const bodies = [
      ...Array.from({ length: 120 }, (_, length) => length + 1),
      65_300,
      65_530,
      65_536,
      70_000,
    ].map((length) => 'é'.padEnd(length, 'x'))
    for (const body of bodies) {
      const bytes = `${Buffer.byteLength(body)}`
      client.send(frame('SEND', { destination: '/chät', 'content-length': bytes }, body))
    }
    for (const body of bodies) {
      expect(await client.next()).toMatchObject({
        headers: { subscription: 'ü', destination: '/chät' },
        body,
      })
    }
    expect(client.messages.filter((text) => text.startsWith('MESSAGE'))).toHaveLength(bodies.length)
  })

  it('reach every subscriber in the order of publishing', async () => {
    const clients = await Promise.all(Array.from({ length: 30 }, () => StompClient.connect(server.port)))
    await Promise.all(clients.map((client) => client.ask('SUBSCRIBE', { id: 's', destination: '/a' })))
    const all = Array.from({ length: 100 }, (_, at) => `${at}`)
    await Promise.all(all.map((each) => server.board.publish('/a', each)))
    for (const client of clients) {
      const bodies: string[] = []
      for (const _ of all) bodies.push((await client.next()).body)
      expect(bodies).toEqual(all)
    }
  })
})

describe('the end of a connection', () => {
  it('by DISCONNECT comes after all that was sent before, has a RECEIPT, and is reported to the application', async () => {
    const release = server.board.hold('/read/slow')
    const client = await StompClient.connect(server.port)
    client.send(
      frame('SUBSCRIBE', { id: 'r', destination: '/read/slow' }) +
        frame('SEND', { destination: '/a' }, 'last') +
        frame('DISCONNECT', { receipt: 'bye' }),
    )
    await expect.poll(() => server.board.bodies).toEqual(['last'])
    release()
    expect(await client.next()).toMatchObject({ body: 'read r' })
    expect(await client.next()).toEqual({ command: 'RECEIPT', headers: { 'receipt-id': 'bye' }, body: '' })
    client.ws.close()
    await expect.poll(() => server.board.calls.at(-1)).toBe('closed disconnect')
  })

  it('by DISCONNECT is reported at once and once, however late the client closes the socket', async () => {
    const client = await StompClient.connect(server.port)
    client.send(frame('DISCONNECT', { receipt: 'bye' }))
    await client.next()
    expect(server.board.calls.at(-1)).toBe('closed disconnect')
    client.ws.close()
    await client.closed
    await expect.poll(() => server.stomp.count).toBe(0)
    expect(server.board.calls.filter((call) => call.startsWith('closed'))).toEqual(['closed disconnect'])
  })

  it('by DISCONNECT is no loss, even if the socket closes while an earlier frame is being processed', async () => {
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(
      frame('SEND', { destination: '/slow' }, 'last') + frame('ACK', { id: '1' }) + frame('DISCONNECT'),
    )
    await expect.poll(() => server.board.calls.at(-1)).toBe('ack 1')
    client.ws.terminate()
    await client.closed
    const other = await StompClient.connect(server.port)
    await other.ask('ACK', { id: '2' })
    release()
    await expect.poll(() => server.board.calls.slice(-2)).toEqual(['send /slow', 'closed disconnect'])
  })

  it('by a lost socket is reported as lost, once, when none of its frames is being processed', async () => {
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(frame('SEND', { destination: '/slow' }, 'on its way'), frame('SEND', { destination: '/a' }))
    await client.ask('ACK', { id: '1' })
    client.ws.terminate()
    await client.closed
    const other = await StompClient.connect(server.port)
    await other.ask('ACK', { id: '2' })
    expect(server.board.calls).not.toContain('closed lost')
    release()
    await expect.poll(() => server.board.calls.at(-1)).toBe('closed lost')
    expect(server.board.calls.slice(-3)).toEqual(['send /slow', 'send /a', 'closed lost'])
    other.ws.terminate()
    await expect.poll(() => server.stomp.count).toBe(0)
    expect(server.board.calls.filter((call) => call === 'closed lost')).toHaveLength(2)
  })

  it('by a lost socket while the application still connects it is reported after that', async () => {
    const release = server.board.hold('slow')
    const client = await StompClient.open(server.port)
    client.send(frame('CONNECT', { login: 'slow' }))
    await expect.poll(() => server.stomp.count).toBe(1)
    client.ws.terminate()
    await client.closed
    release()
    await expect.poll(() => server.board.calls).toEqual(['connect slow', 'closed lost'])
  })

  it('by the application is sent with its reason, and discards waiting frames', async () => {
    const release = server.board.hold('/slow')
    const client = await StompClient.connect(server.port)
    client.send(frame('SEND', { destination: '/slow' }), frame('SEND', { destination: '/a' }))
    await client.ask('ACK', { id: '1' })
    for (const connection of server.board.connections)
      connection.fail(new ChatError('UserBlockedError', 'You left'))
    const { command, body } = await client.next()
    expect({ command, ...JSON.parse(body) }).toMatchObject({ command: 'ERROR', error: 'UserBlockedError' })
    expect(await client.closed).toBe(1008)
    release()
    await expect.poll(() => server.board.calls.at(-1)).toBe('closed lost')
    expect(server.board.calls).not.toContain('send /a')
  })
})
