// Changes of sessions while the database is away are saved when it is back, and sessions survive a broken connection.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { findOrphans } from '#data/users/connections.ts'
import { endSession } from '#domain/sessions/end-session.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { readMetrics } from '../support/metrics.ts'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
afterEach(() => {
  vi.restoreAllMocks()
})

const shuttingDown = Object.assign(new Error('the database system is shutting down'), { code: '57P03' })

async function connect(username: string, resume?: string): Promise<{ stomp: StompClient; key: string }> {
  const path = `/rtm/websocket?api-key=${server.main.apiKey}`
  const stomp = await StompClient.open(Number(new URL(server.url).port), path)
  stomp.send(
    frame('CONNECT', {
      'accept-version': '1.2',
      'StompX-User': username,
      ...(resume !== undefined && { 'StompX-Auth-Session-ID': resume }),
    }),
  )
  const { headers } = await stomp.next()
  return { stomp, key: headers.session ?? '' }
}

const sessionOf = async (key: string) => {
  const text =
    'select state, detached_time is not null, topics is not null from user_session where key = $1::uuid'
  const [session] = await server.ctx.db.query({ text }, [key])
  return session
}

it('a session that ends while the database is unavailable is ended when it is back', async () => {
  const { name } = await createUser(server.main, { name: 'ada' })
  const { stomp, key } = await connect(name)
  const transact = vi.spyOn(server.ctx.db, 'transact').mockRejectedValueOnce(shuttingDown)
  stomp.send(frame('DISCONNECT', {}))
  await vi.waitFor(async () => expect(await sessionOf(key)).toContain('ENDED'), patienceMs)
  expect(transact).toHaveBeenCalledTimes(2)
})

it('a connection that is lost while the database is unavailable is recorded when it is back', async () => {
  const { name } = await createUser(server.main, { name: 'bob' })
  const channel = await createChannel(server.main, {
    type: 'PUBLIC',
    name: 'away',
    members: [{ username: name }],
  })
  const { stomp, key } = await connect(name)
  await stomp.ask('SUBSCRIBE', {
    id: 'topic',
    destination: channelHypermedia.topics.messages.at({ id: channel.id }),
  })
  const run = server.ctx.db.run
  const isNoting = ({ name: statement }: { name: string }) => statement === 'detach-sessions'
  let refused = 0
  vi.spyOn(server.ctx.db, 'run').mockImplementation((statement, values) => {
    if (!isNoting(statement as { name: string }) || refused > 0)
      return run.call(server.ctx.db, statement, values)
    refused += 1
    return Promise.reject(shuttingDown)
  })
  stomp.ws.terminate()
  await vi.waitFor(async () => expect(await sessionOf(key)).toEqual(['ACTIVE', true, true]), patienceMs)
  expect(refused).toBe(1)
})

/** Cuts the connection by which others see that the server is alive, and does what they do until it is back. */
async function takeForDead(key: string): Promise<void> {
  const { db } = server.ctx
  const cut = {
    text: `select pg_terminate_backend(pid, 5000) from pg_stat_activity
           where application_name = 'chatterie node' and datname = current_database()`,
  }
  await expect
    .poll(
      async () => {
        await db.query(cut, [])
        await findOrphans(db, patienceMs)
        return sessionOf(key)
      },
      { timeout: patienceMs },
    )
    .toEqual(['ACTIVE', true, false])
}

it('a connected session whose process was taken for dead is connected again, and its later loss is recorded', async () => {
  const { name } = await createUser(server.main, { name: 'cleo' })
  const { stomp, key } = await connect(name)
  await takeForDead(key)
  await vi.waitFor(async () => expect(await sessionOf(key)).toEqual(['ACTIVE', false, false]), patienceMs)
  stomp.ws.terminate()
  await vi.waitFor(async () => expect(await sessionOf(key)).toEqual(['ACTIVE', true, true]), patienceMs)
})

it('the loss of a connection is recorded while the process is taken for dead', async () => {
  const { name } = await createUser(server.main, { name: 'dora' })
  const { stomp, key } = await connect(name)
  await takeForDead(key)
  stomp.ws.terminate()
  await vi.waitFor(async () => expect(await sessionOf(key)).toEqual(['ACTIVE', true, true]), patienceMs)
})

it('a client whose session was ended because its process was taken for dead reconnects and resumes it', async () => {
  const { id: userId, name } = await createUser(server.main, { name: 'emil' })
  const { stomp, key } = await connect(name)
  await takeForDead(key)
  const { id } = await server.ctx.db.prisma.userSession.findUniqueOrThrow({ where: { key } })
  const { node } = server.ctx
  await endSession(server.ctx, {
    id: Number(id),
    applicationId: server.main.id,
    userId,
    node: node.id,
  })
  await stomp.closed
  expect(stomp.frames.at(-1)).toMatchObject({
    command: 'ERROR',
    body: expect.stringContaining('InternalServerError'),
  })
  const back = await connect(name, key)
  expect(back.key).toBe(key)
  await vi.waitFor(async () => expect(await sessionOf(key)).toEqual(['ACTIVE', false, false]), patienceMs)
  expect((await server.main.get(`/users/${userId}`)).body.presence.online).toBe(true)
})

it('events are delivered although the answer with them was lost, without any later event', async () => {
  const [reader, watched] = await Promise.all([
    createUser(server.main, { name: 'reader' }),
    createUser(server.main, { name: 'watched' }),
  ])
  const { stomp } = await connect(reader.name)
  stomp.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay' }))
  await stomp.next()
  await stomp.ask('SUBSCRIBE', { id: 'contacts', destination: `/topic/users/${reader.id}.contacts` })
  const { db } = server.ctx
  const { all } = db
  let lost = 0
  vi.spyOn(db, 'all').mockImplementation(async (statement, values) => {
    const rows = await all.call(db, statement, values)
    if ((statement as { name?: string }).name !== 'take-events' || rows.length < 1 || lost > 0) return rows
    if ((rows[0] as { taken: number }).taken === 0) return rows
    lost += 1
    throw new Error('Connection terminated unexpectedly')
  })
  await server.main.patch(`/users/${watched.id}`, { displayName: 'Renamed' }).expect(200)
  const isDelivered = () => stomp.frames.some(({ body }) => body.includes('Renamed'))
  await expect.poll(isDelivered).toBe(true)
  expect(lost).toBe(1)
  stomp.ws.terminate()
})

it.each(['arrive', 'relations'] as const)(
  'a session whose resumption fails in the database (%s) ends unless it is resumed later, and can be',
  async (step) => {
    const { id, name } = await createUser(server.main)
    const { stomp, key } = await connect(name)
    vi.spyOn(server.ctx.arrivals, step).mockRejectedValueOnce(shuttingDown)
    expect((await connect(name, key)).key).toBe('')
    await stomp.closed
    await vi.waitFor(async () => expect((await sessionOf(key))?.[0]).toBe('ENDED'), patienceMs)
    expect((await server.main.get(`/users/${id}`)).body.presence.online).toBe(false)
    const back = await connect(name, key)
    expect(back.key).toBe(key)
    back.stomp.ws.close()
  },
)

it('a new session whose start fails in the database ends at once', async () => {
  const { id, name } = await createUser(server.main)
  const sessions = async () => (await readMetrics(server.url)).text.match(/^chatterie_sessions.*/gm)
  const before = await sessions()
  vi.spyOn(server.ctx.arrivals, 'relations').mockRejectedValueOnce(shuttingDown)
  expect((await connect(name)).key).toBe('')
  await server.ctx.settled()
  expect((await server.main.get(`/users/${id}`)).body.presence.online).toBe(false)
  expect(await sessions()).toEqual(before)
})
