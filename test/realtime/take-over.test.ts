// A user who reconnects takes over their session from its old connection; nobody else can.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame, type ServerFrame, StompClient } from '../stomp/stomp-client.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

async function say(apiKey: string, headers: Record<string, string>): Promise<[StompClient, ServerFrame]> {
  const client = await StompClient.open(Number(new URL(server.url).port), `/rtm/websocket?api-key=${apiKey}`)
  client.send(frame('CONNECT', { 'accept-version': '1.2', ...headers }))
  return [client, await client.next()]
}

it('only the user of a session can end it, identified by API key and name', async () => {
  const { apiKey } = server.main
  const [ada, connected] = await say(apiKey, { 'StompX-User': 'ada' })
  const key = connected.headers.session ?? ''
  const other = await server.createApplication()
  const strangers: [string, Record<string, string>][] = [
    [uuid(), { 'StompX-User': 'ada' }],
    ['no-key', { 'StompX-User': 'ada' }],
    [other.apiKey, { 'StompX-User': 'ada' }],
    [apiKey, { 'StompX-User': 'mallory' }],
    [apiKey, { 'StompX-User': '' }],
    [apiKey, { 'StompX-User': 'ada', 'StompX-Auth-Params': 'no object' }],
  ]
  for (const [apiKeyOfStranger, headers] of strangers) {
    const [client, { headers: answer }] = await say(apiKeyOfStranger, {
      ...headers,
      'StompX-Auth-Session-ID': key,
    })
    expect(answer.session).not.toBe(key)
    await ada.ask('SUBSCRIBE', { id: 'user', destination: '/application/user.relay' }) // her session still works
    client.ws.close()
  }

  const [again, resumed] = await say(apiKey, { 'StompX-User': 'ada', 'StompX-Auth-Session-ID': key })
  expect(resumed.headers.session).toBe(key)
  await ada.closed
  again.ws.close()
})
