// Frames that answer relays and errors, as a client receives them.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

async function connect(): Promise<StompClient> {
  const { main, url } = server
  const { name } = await createUser(main)
  return StompClient.connect(
    Number(new URL(url).port),
    { 'StompX-User': name, 'heart-beat': '0,0' },
    `/rtm/websocket?api-key=${main.apiKey}`,
  )
}

it.each(['auto', 'client', 'client-individual'])(
  'answers of relays, and errors, have an ack where the subscription requires one: %s',
  async (ack) => {
    const client = await connect()
    const errors = { id: 'errors', destination: '/user/queue/errors', ack }
    client.send(frame('SUBSCRIBE', errors))
    client.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay', ack }))
    const answer = await client.next()
    client.send(frame('SEND', { destination: '/nowhere', receipt: 'lost' }))
    const error = await client.next()
    expect(answer.headers).toMatchObject({ subscription: 'me' })
    expect(error.headers).toMatchObject({ subscription: 'errors', 'receipt-id': 'lost' })
    for (const { headers } of [answer, error]) {
      if (ack === 'auto') expect(headers).not.toHaveProperty('ack')
      else expect(headers.ack).toBe(headers['message-id'])
    }
    for (const { headers } of [answer, error]) {
      client.send(frame('ACK', { id: headers.ack ?? '1', receipt: `ack ${headers['message-id']}` }))
      expect(await client.next()).toMatchObject({ command: 'RECEIPT' })
    }
    client.ws.terminate()
  },
)

it.each([
  ['/application/user.create_channel', { type: 'SECRET' }, ['type: must be one of DIRECT, PUBLIC, PRIVATE']],
  ['/application/user.create_channel', {}, ['type is required']],
  ['/application/channels/1.mute', { state: 'on' }, ['state: must be one of ON, OFF']],
  [
    '/application/user.update_display_picture',
    { url: 'https://example.com/a.png', size: '1' },
    ['name is required', 'contentType is required', 'size: Invalid input: expected number, received string'],
  ],
])(
  'a wrong body is refused at %s with the words of the Platform API: %j',
  async (destination, body, words) => {
    const client = await connect()
    client.send(frame('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors' }))
    client.send(frame('SEND', { destination, receipt: 'wrong' }, JSON.stringify(body)))
    const error = JSON.parse((await client.next()).body)
    expect(error).toMatchObject({ error: 'ValidationError', message: words.join('; ') })
    expect(error.errors).toHaveLength(words.length)
    client.ws.terminate()
  },
)
