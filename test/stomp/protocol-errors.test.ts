// Errors of clients against STOMP 1.2.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BoardServer, openBoard } from './board.ts'
import { frame, StompClient } from './stomp-client.ts'

let server: BoardServer

beforeEach(async () => {
  server = await openBoard()
})

afterEach(() => server.close())

describe('a protocol error of the client', () => {
  const connect = frame('CONNECT', { 'accept-version': '1.2' })
  it.each([
    ['garbage before CONNECT', '', 'hello'],
    ['garbage before CONNECT, that ends in NUL', '', '{"type":"connect"}\0'],
    ['garbage before CONNECT, that begins like it', '', 'CONNECTION'],
    ['garbage after CONNECT', connect, 'SENDER'],
    ['SEND before CONNECT', '', frame('SEND', { destination: '/a' })],
    ['a second CONNECT', connect, connect],
    ['an unknown command', connect, frame('PUBLISH')],
    ['a command of a server', connect, frame('MESSAGE')],
    ['version 1.1 alone', '', frame('CONNECT', { 'accept-version': '1.0,1.1' })],
    ['a malformed heart-beat', '', frame('CONNECT', { 'heart-beat': '1000' })],
    ['SUBSCRIBE without id', connect, frame('SUBSCRIBE', { destination: '/a' })],
    ['SUBSCRIBE without destination', connect, frame('SUBSCRIBE', { id: '1' })],
    ['SUBSCRIBE with an unknown ack', connect, frame('SUBSCRIBE', { id: '1', destination: '/a', ack: 'no' })],
    ['an id twice', connect, frame('SUBSCRIBE', { id: '1', destination: '/a' }).repeat(2)],
    ['UNSUBSCRIBE without id', connect, frame('UNSUBSCRIBE')],
    ['SEND without destination', connect, frame('SEND')],
    ['ACK without id', connect, frame('ACK', { 'message-id': '1' })],
    ['BEGIN', connect, frame('BEGIN', { transaction: '1' })],
    ['SEND in a transaction', connect, frame('SEND', { destination: '/a', transaction: '1' })],
    ['a body of SUBSCRIBE', connect, frame('SUBSCRIBE', { id: '1', destination: '/a' }, 'body')],
    ['a header without colon', connect, 'SEND\ndestination\n\n\0'],
    ['a header without name', connect, 'SEND\n:value\n\n\0'],
    ['an unknown escape', connect, frame('SEND', { destination: '/\\t' })],
    ['half an escape', connect, frame('SEND', { destination: '/\\' })],
    ['a NUL in a header', connect, 'SEND\ndestination:/\0\n\n\0'],
    ['a carriage return in a header', connect, 'SEND\ndestination:/\rb\n\n\0'],
    ['a head that is not UTF-8', connect, Buffer.from('SEND\ndestination:/\xff\n\n\0', 'latin1')],
    [
      'content-length that is no number',
      connect,
      frame('SEND', { destination: '/a', 'content-length': '-1' }),
    ],
    [
      'a body longer than it says',
      connect,
      frame('SEND', { destination: '/a', 'content-length': '1' }, 'abc'),
    ],
  ])('%s is answered with ERROR and the connection is closed', async (_, before, fault) => {
    const client = await StompClient.open(server.port)
    if (before) {
      client.send(before)
      await client.next()
    }
    client.send(fault)
    const { command, headers, body } = await client.next()
    expect({ command, version: headers.version }).toEqual({ command: 'ERROR', version: '1.2' })
    expect(JSON.parse(body)).toEqual({
      error: 'ProtocolError',
      message: expect.stringMatching(/\w+/),
      timestamp: expect.any(String),
    })
    expect(await client.closed).toBe(1002)
    expect(server.board.calls.filter((call) => call.startsWith('send'))).toEqual([])
    expect(server.logged.filter(({ level }) => level !== 'info')).toEqual([])
  })

  it('is answered with the receipt id of the frame that caused it', async () => {
    const client = await StompClient.connect(server.port)
    client.send(frame('SEND', { receipt: 'r1' }))
    expect(await client.next()).toMatchObject({ command: 'ERROR', headers: { 'receipt-id': 'r1' } })
  })

  it('in the framing of WebSocket closes that connection only', async () => {
    const [bad, good] = [await StompClient.connect(server.port), await StompClient.connect(server.port)]
    // A text message that is not UTF-8.
    bad.ws.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect(await bad.closed).toBe(1007)
    expect(await good.ask('SEND', { destination: '/a' })).toEqual([])
  })
})
