// Missed events are delivered, or the session is refused; it never continues with a gap. [decision 9]
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { createUser } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Connects and requests the user. @returns the first frame with this command, and a function to close */
function connect(
  command: string,
  session?: string,
  user = 'ada',
): Promise<{ head: string; close(): Promise<void> }> {
  const url = `${server.url.replace('http', 'ws')}/rtm/websocket?api-key=${server.main.apiKey}`
  const socket = new WebSocket(url, 'v12.stomp')
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()))
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => {
      const resumed = session === undefined ? '' : `StompX-Auth-Session-ID:${session}\n`
      socket.send(`CONNECT\naccept-version:1.2\nheart-beat:0,0\nStompX-User:${user}\n${resumed}\n\0`)
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

/** Emits updates of a user. */
async function emitUpdates(userId: number, count: number): Promise<void> {
  await server.ctx.db.query(
    {
      text: `insert into outbox_event (application_id, type, payload)
             select $1, 'user.updated', jsonb_build_object('userId', $2::bigint) from generate_series(1, $3)`,
    },
    [server.main.id, userId, count],
  )
  server.ctx.db.eventsWritten()
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

it('a session that missed more than is stored is refused, and the refusal says to start anew', async () => {
  const key = await lostSession()
  const { userId } = await server.ctx.db.prisma.userSession.findUniqueOrThrow({ where: { key } })
  const witness = await listener('witness')
  await emitUpdates(Number(userId), 5_001)
  await expect.poll(() => updatesHeardBy(witness)).toBe(5_001)
  witness.ws.close()
  const { head } = await connect('ERROR', key)
  expect(head).toMatch(/AccessDeniedError[\s\S]*start a new session/)
})

it('a session whose client acknowledges nothing is ended with an error that says so, and others continue', async () => {
  const [silent, careful, watched] = await Promise.all([
    listener('silent'),
    listener('careful'),
    createUser(server.main),
  ])
  const count = 10_001
  await emitUpdates(watched.id, count)
  const seen = () => ({
    isRefused: silent.frames.some(({ command }) => command === 'ERROR'),
    // What a failure is to show:
    isConnected: silent.ws.readyState === WebSocket.OPEN,
    received: silent.frames.length,
  })
  await expect.poll(seen).toMatchObject({ isRefused: true })
  const error = silent.frames.find(({ command }) => command === 'ERROR')
  expect(error?.body).toMatch(/AccessDeniedError[\s\S]*does not acknowledge/)
  await silent.closed
  const key = silent.frames[0]?.headers.session
  const { head } = await connect('ERROR', key, 'silent')
  expect(head).toMatch(/AccessDeniedError[\s\S]*start a new session/)

  await expect.poll(() => updatesHeardBy(careful)).toBe(count)
  await careful.ask('SUBSCRIBE', { id: 'again', destination: '/user/queue/errors' })
  careful.ws.close()
})

const updatesHeardBy = ({ frames }: StompClient): number =>
  frames.filter(({ body }) => body.includes('contact.user.updated')).length

/** Connects a client that subscribes to its contacts, and that acknowledges all messages unless it is named silent. */
async function listener(name: string): Promise<StompClient> {
  const user = await createUser(server.main, { name })
  const port = Number(new URL(server.url).port)
  const path = `/rtm/websocket?api-key=${server.main.apiKey}`
  const client = await StompClient.connect(port, { 'StompX-User': name, 'heart-beat': '0,0' }, path)
  client.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay' }))
  await client.next()
  const destination = `/topic/users/${user.id}.contacts`
  await client.ask('SUBSCRIBE', { id: 'contacts', destination, ack: 'client-individual' })
  if (name !== 'silent') acknowledgeAll(client)
  return client
}

function acknowledgeAll(client: StompClient): void {
  let acknowledged = client.frames.length
  client.ws.on('message', () => {
    for (; acknowledged < client.frames.length; acknowledged++) {
      const ack = client.frames[acknowledged]?.headers.ack
      if (ack !== undefined) client.send(frame('ACK', { id: ack }))
    }
  })
}
