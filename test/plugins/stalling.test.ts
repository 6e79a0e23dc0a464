// Clients on whose connection nothing moves for the server's timeout: those that stall are cut off, those that wait for
// an answer are not.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'

let server: TestApiServer
let worldId: number
beforeAll(async () => {
  server = await startTestApi()
  worldId = (await server.createWorld()).id
  server.app.server.timeout = 100
})
afterAll(() => server.close())

/** Sends the bytes on a connection, which `end` ends from our side. */
async function say(bytes: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' })
  socket.on('error', () => {}).write(bytes)
  await once(socket, 'connect')
  return socket
}

it('a request is cut off when its body stops arriving', async () => {
  const head = 'POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded'
  expect(await text(await say(`${head}\r\nContent-Length: 100\r\n\r\ngrant`))).toBe('')
})

it('a request that takes long is answered', async () => {
  const path = `/_test/worlds/${worldId}/journal/wait?timeoutMs=600`
  const answer = text(await say(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`))
  expect(await answer).toMatch(/^HTTP\/1.1 408 /)
})

it('a client that stops reading is cut off', async () => {
  const accepted = once(server.app.server, 'connection')
  const client = await say('GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100))
  const [socket]: Socket[] = await accepted
  await once(socket as Socket, 'close')
  client.destroy()
})
