import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { createUser } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

it('a client that reads keeps its connection, however much is delivered at once', async () => {
  const [reader, watched] = await Promise.all([
    createUser(server.main, { name: 'reader' }),
    createUser(server.main, { properties: { long: 'x'.repeat(30_000) } }),
  ])
  const port = Number(new URL(server.url).port)
  const path = `/rtm/websocket?api-key=${server.main.apiKey}`
  const client = await StompClient.connect(port, { 'StompX-User': reader.name, 'heart-beat': '0,0' }, path)
  client.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay' }))
  await client.next()
  await client.ask('SUBSCRIBE', { id: 'contacts', destination: `/topic/users/${reader.id}.contacts` })
  const count = 400 // in one batch: 12 MB
  await server.ctx.db.query(
    {
      text: `insert into outbox_event (application_id, type, payload)
             select $1, 'user.updated', jsonb_build_object('userId', $2::bigint) from generate_series(1, $3)`,
    },
    [server.main.id, watched.id, count],
  )
  server.ctx.db.eventsWritten()
  const seen = () => ({
    isConnected: client.ws.readyState === WebSocket.OPEN,
    received: client.frames.filter(({ body }) => body.includes('contact.user.updated')).length,
  })
  await expect.poll(seen).toEqual({ isConnected: true, received: count })
  client.ws.close()
})
