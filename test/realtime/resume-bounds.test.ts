// What was missed is told, or the session is refused: it never goes on with a hole. [decision 9]
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Connects, asks for the user, and gives the first frames until the one of this command. */
function connect(command: string, session?: string): Promise<{ head: string; close(): Promise<void> }> {
  const url = `${server.url.replace('http', 'ws')}/rtm/websocket?api-key=${server.main.apiKey}`
  const socket = new WebSocket(url, 'v12.stomp')
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()))
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => {
      const resumed = session === undefined ? '' : `StompX-Auth-Session-ID:${session}\n`
      socket.send(`CONNECT\naccept-version:1.2\nheart-beat:0,0\nStompX-User:ada\n${resumed}\n\0`)
      socket.send('SUBSCRIBE\nid:s1\ndestination:/application/user.relay\n\n\0')
    })
    socket.addEventListener('message', ({ data }) => {
      const head = String(data)
      if (!head.startsWith(command)) return
      resolve({
        head,
        close() {
          socket.close()
          return closed
        },
      })
    })
    closed.then(() => reject(new Error(`The socket closed without ${command}`)))
  })
}

async function lostSession(): Promise<string> {
  const { head, close } = await connect('CONNECTED')
  const key = /session:(\S+)/.exec(head)?.[1] ?? ''
  await close()
  const isDetached = async () =>
    (await server.ctx.db.prisma.userSession.findUniqueOrThrow({ where: { key } })).detachedTime !== null
  await expect.poll(isDetached).toBe(true)
  return key
}

it('a session that was away for too long is refused, and the refusal says to start anew', async () => {
  const key = await lostSession()
  await server.ctx.db.prisma.userSession.update({
    where: { key },
    data: { detachedTime: new Date(Date.now() - 3_600_000) },
  })
  const { head } = await connect('ERROR', key)
  expect(head).toMatch(/AccessDeniedError[\s\S]*start a new one/)
})

it('a session that missed more than is kept is refused, and the refusal says to start anew', async () => {
  const key = await lostSession()
  const { userId } = await server.ctx.db.prisma.userSession.findUniqueOrThrow({ where: { key } })
  await server.ctx.db.query(
    {
      text: `insert into outbox_event (application_id, type, payload)
             select $1, 'user.updated', jsonb_build_object('userId', $2::bigint) from generate_series(1, 5001)`,
    },
    [server.main.id, Number(userId)],
  )
  server.ctx.db.eventsWritten()
  await expect.poll(() => server.ctx.db.prisma.outboxEvent.count(), { timeout: 15_000 }).toBe(0)
  const { head } = await connect('ERROR', key)
  expect(head).toMatch(/AccessDeniedError[\s\S]*start a new session/)
})
