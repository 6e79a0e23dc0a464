// A user who reconnects takes over their session from its old connection; nobody else can.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSession } from '#domain/sessions/start-session.ts'
import { Hub } from '#realtime/hub.ts'
import type { Connection } from '#realtime/sessions/session.ts'
import { Sessions } from '#realtime/sessions/sessions.ts'
import { Flusher } from '#stomp/flusher.ts'
import { frame, type ServerFrame, StompClient } from '../stomp/stomp-client.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
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

const sessionOf = async (key: string) => {
  const { state, detachedTime, topics } = await server.ctx.db.prisma.userSession.findUniqueOrThrow({
    where: { key },
  })
  return { state, isDetached: detachedTime !== null, topics: Object.keys(topics ?? {}) }
}

describe('of two connections that resume one session at the same time', () => {
  /** Resumes a session with two connections, whose CONNECT is answered after `meanwhile`. */
  async function resumeTwice(meanwhile: (older: StompClient) => void) {
    const { apiKey } = server.main
    const { id, name } = await createUser(server.main)
    const [lost, { headers }] = await say(apiKey, { 'StompX-User': name })
    const key = headers.session ?? ''
    lost.ws.terminate()
    await expect.poll(() => sessionOf(key), { timeout: patienceMs }).toMatchObject({ isDetached: true })
    const waiting = async () => {
      const text = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      return (await server.ctx.db.query({ text }, [])).length
    }
    const path = `/rtm/websocket?api-key=${apiKey}`
    const clients: StompClient[] = []
    await server.ctx.db.transact(async (tx) => {
      await tx.run({ text: 'select from "user" where id = $1 for update' }, [id])
      for (const count of [1, 2]) {
        const client = await StompClient.open(Number(new URL(server.url).port), path)
        clients.push(client)
        client.send(
          frame('CONNECT', {
            'accept-version': '1.2',
            'StompX-User': name,
            'StompX-Auth-Session-ID': key,
          }),
        )
        await expect.poll(waiting, { timeout: patienceMs }).toBe(count)
      }
      const [older] = clients
      if (older) meanwhile(older)
    })
    return { key, name, clients }
  }

  /** Checks that a client's session is connected, and that its loss is recorded with its subscriptions. */
  async function mustHave(client: StompClient, key: string, name: string): Promise<void> {
    const channel = await createChannel(server.main, { members: [{ username: name }] })
    const destination = `/topic/channels/${channel.id}.messages`
    expect((await client.next()).headers.session).toBe(key)
    await client.ask('SUBSCRIBE', { id: 'topic', destination })
    await server.ctx.settled()
    expect(await sessionOf(key)).toMatchObject({ state: 'ACTIVE', isDetached: false })
    client.ws.terminate()
    await expect
      .poll(() => sessionOf(key), { timeout: patienceMs })
      .toEqual({ state: 'ACTIVE', isDetached: true, topics: expect.arrayContaining([destination]) })
  }

  it('the later one has the session, and the other one is closed', async () => {
    const { key, name, clients } = await resumeTwice(() => {})
    const gone = await Promise.race(clients.map((client) => client.closed.then(() => client)))
    const [left] = clients.filter((client) => client !== gone)
    await mustHave(left as StompClient, key, name)
  })

  it('the one whose client has not given up has the session', async () => {
    const { key, name, clients } = await resumeTwice((older) => older.ws.terminate())
    const [, left] = clients as [StompClient, StompClient]
    await mustHave(left, key, name)
  })
})

it('a connection that closes late does not end the session that its client has resumed', async () => {
  const { ctx } = server
  const { name } = await createUser(server.main)
  const sessions = new Sessions(ctx, new Hub(new Flusher(), () => {}), () => {})
  const baseUrls = { origin: 'http://localhost', streams: '' }
  const open = async (resume?: string) => {
    const { apiKey } = server.main
    const started = await startSession(ctx, { apiKey, username: name, authParams: {}, resume })
    const connection = { state: 'open', fail() {} } as unknown as Connection
    return Object.assign(connection, { session: sessions.open(connection, started, baseUrls) })
  }
  for (const how of ['lost', 'disconnect'] as const) {
    const first = await open()
    const { key } = first.session.facts
    sessions.giveUp(first.session, 'events cannot be delivered')
    const second = await open(key)
    sessions.closed(first, how)
    await ctx.settled()
    expect(await sessionOf(key)).toMatchObject({ state: 'ACTIVE', isDetached: false })
    expect(sessions.counts).toEqual({ connected: 1, detached: 0 })
    sessions.closed(second, 'disconnect')
    await ctx.settled()
    expect(await sessionOf(key)).toMatchObject({ state: 'ENDED' })
  }
})
