// The clock (testing contract 3): everything that takes its time from it or expires by it. No test waits for real time.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openContext } from '#context.ts'
import { Node } from '#data/events/node.ts'
import { theSystem } from '#domain/access/operator.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import { grantHours } from '#files/grants.ts'
import { Sweeper } from '#jobs/sweeper.ts'
import { prepareServing } from '#serve.ts'
import { collect, connect, disconnect, done, startChat, uniqueName } from '../conformance/realtime.ts'
import { Phone, untilLossIsNoticed } from '../realtime/phone.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, invocationsOf } from '../support/functions.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'

let server: TestApiServer
let sweeper: Sweeper
beforeAll(async () => {
  server = await startTestApi({ NOTIFICATIONS_DAYS: '30' })
  // The application's token must not expire at the times used in these tests.
  await server.ctx.db.prisma.accessToken.updateMany({ data: { expiresTime: new Date('9500-01-01') } })
  server.ctx.tokens.forget()
  sweeper = new Sweeper(server.ctx)
  sweeper.start()
})
afterAll(async () => {
  await sweeper.stop()
  await server.close()
})
afterEach(() => server.testApi.delete('/clock').expect(204))

const hourMs = 3_600_000
const eve = '2030-12-24T18:00:00.000Z'

interface Reading {
  now: string
  frozen: boolean
  offsetMs: number
}

async function set(setting: { now?: string; frozen?: boolean }): Promise<Reading> {
  return (await server.testApi.put('/clock').send(setting).expect(200)).body
}

async function advance(by: Record<string, number>): Promise<Reading> {
  return (await server.testApi.post('/clock/advance').send(by).expect(200)).body
}

async function read(): Promise<Reading> {
  return (await server.testApi.get('/clock').expect(200)).body
}

describe('the clock', () => {
  it('shows real time until it is moved, and again when it is released', async () => {
    const isReal = ({ now, ...reading }: Reading) => {
      expect(reading).toEqual({ frozen: false, offsetMs: 0 })
      expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(60_000)
    }
    isReal(await read())
    await set({ now: eve, frozen: true })
    await server.testApi.delete('/clock').expect(204)
    isReal(await read())
  })

  it('continues from the time that it is set to, the past included', async () => {
    for (const now of [eve, '2030-12-24', '2030-12-24T18:00Z', '2001-02-03T04:05:06+02:00']) {
      const reading = await set({ now })
      expect(reading.frozen).toBe(false)
      expect(Date.parse(reading.now)).toBeGreaterThanOrEqual(Date.parse(now))
      expect(reading.offsetMs).toBe((await read()).offsetMs)
      expect(Date.parse((await read()).now)).toBeLessThan(Date.parse(now) + 60_000)
    }
  })

  it('stands still where it is frozen, and continues from there', async () => {
    expect(await set({ now: eve, frozen: true })).toMatchObject({ now: eve, frozen: true })
    const channel = await createChannel(server.main)
    const messages = [await sendMessage(server.main, channel.id), await sendMessage(server.main, channel.id)]
    expect(messages.map(({ createdTime }) => createdTime)).toEqual([eve, eve])
    expect(await read()).toMatchObject({ now: eve, frozen: true })
    const { now, frozen } = await set({ frozen: false })
    expect(frozen).toBe(false)
    expect(Date.parse(now)).toBeGreaterThanOrEqual(Date.parse(eve))
    expect(Date.parse(now)).toBeLessThan(Date.parse(eve) + 60_000)
  })

  it('advances by the sum of the given durations, frozen or not', async () => {
    expect(await advance({ hours: 1, minutes: 30, seconds: 1, ms: 5 })).toMatchObject({
      frozen: false,
      offsetMs: 1.5 * hourMs + 1_005,
    })
    await set({ now: eve, frozen: true })
    expect(await advance({ days: 1 })).toMatchObject({ now: '2030-12-25T18:00:00.000Z', frozen: true })
    expect(await advance({ ms: 0 })).toMatchObject({ now: '2030-12-25T18:00:00.000Z' })
  })

  it('advances for each request, also for concurrent ones', async () => {
    await Promise.all([1, 2, 3].map((hours) => advance({ hours })))
    expect((await read()).offsetMs).toBe(6 * hourMs)
  })

  it.each([
    ['put', '/clock', { now: 'tomorrow' }, 'now'],
    ['put', '/clock', { now: 5 }, 'now'],
    ['put', '/clock', { now: '1969-12-31' }, 'now'],
    ['put', '/clock', { now: '9999-01-01T00:00:00Z' }, 'now'],
    ['put', '/clock', { frozen: 'yes' }, 'frozen'],
    ['put', '/clock', { time: eve }, 'time'],
    ['post', '/clock/advance', { minutes: -1 }, 'minutes'],
    ['post', '/clock/advance', { days: 40_000 }, 'days'],
    ['post', '/clock/advance', { hours: '1' }, 'hours'],
    ['post', '/clock/advance', { weeks: 1 }, 'weeks'],
    ['post', '/clock/advance', {}, 'ms'],
  ] as const)('refuses to %s %s with %j', async (method, path, body, field) => {
    const { body: problem } = await server.testApi[method](path).send(body).expect(400)
    expect(problem).toMatchObject({ error: 'ClientError', resource: 'clock', field })
    expect((await read()).offsetMs).toBe(0)
  })

  it('refuses times with more than four digits of a year', async () => {
    await set({ now: '8999-12-31T00:00:00Z' })
    const { body } = await server.testApi.post('/clock/advance').send({ days: 2 }).expect(400)
    expect(body).toMatchObject({ field: 'days' })
  })

  it('applies to all worlds, and to errors', async () => {
    await set({ now: eve, frozen: true })
    const world = await server.createWorld()
    expect(world.createdTime).toBe(eve)
    const { body } = await server.as(world).post('/channels').send({ type: 'PUBLIC' }).expect(200)
    expect(body.createdTime).toBe(eve)
    const { body: problem } = await server.as(world).get('/channels/123456').expect(404)
    expect(problem.timestamp).toBe(eve)
  })
})

describe('another process on the same database', () => {
  /** Simulates another server process in this one. */
  async function start({ testApi }: { testApi: boolean }) {
    const { config, log, db } = server.ctx
    const url = String(db.pool.options.connectionString)
    const node = new Node(url, log)
    await node.start()
    const ctx = openContext({ ...config, testApi }, log, url, { node })
    const serving = await prepareServing(ctx)
    await serving.start()
    return {
      ctx,
      async close() {
        await serving.close()
        await ctx.db.close()
        await node.close()
      },
    }
  }

  it('follows the clock, also when it is moved', async () => {
    await set({ now: eve, frozen: true })
    const { ctx, close } = await start({ testApi: true })
    expect(ctx.clock.now()).toBe(Date.parse(eve))
    await advance({ hours: 1 })
    await ctx.bus.publish({ kind: 'clock moved', node: server.ctx.node.id })
    await expect.poll(() => ctx.clock.now()).toBe(Date.parse(eve) + hourMs)
    await close()
  })

  it('that starts without the test API resets it to real time', async () => {
    await set({ now: eve, frozen: true })
    const { ctx, close } = await start({ testApi: false })
    const [[now] = []] = await ctx.db.query({ text: 'select chatterie_clock()' }, [])
    expect(Math.abs(Date.parse(String(now)) - ctx.clock.now())).toBeLessThan(60_000)
    expect(Math.abs(ctx.clock.now() - Date.now())).toBeLessThan(60_000)
    await close()
  })
})

describe('when the clock is moved', () => {
  const ask = ({ clientId, clientSecret }: { clientId: string; clientSecret: string } = server.main) =>
    supertest(server.url)
      .post('/oauth/token')
      .auth(clientId, clientSecret)
      .type('form')
      .send({ grant_type: 'client_credentials' })
  async function issue(): Promise<{ token: string; lifeMs: number }> {
    const { body } = await ask().expect(200)
    return { token: body.access_token, lifeMs: body.expires_in * 1_000 }
  }
  const statusOf = async (token: string) =>
    (await supertest(server.url).get('/v1/application').auth(token, { type: 'bearer' })).status

  it('tokens expire', async () => {
    await set({ frozen: true })
    const { token, lifeMs } = await issue()
    await advance({ ms: lifeMs - 1 })
    expect(await statusOf(token)).toBe(200)
    await advance({ ms: 1 })
    expect(await statusOf(token)).toBe(401)
  })

  it('tokens that were issued in the future are valid in the past', async () => {
    await set({ now: eve })
    const { token } = await issue()
    await set({ now: '2001-01-01T00:00:00Z' })
    expect(await statusOf(token)).toBe(200)
  })

  it('rotated secrets, and grants, expire', async () => {
    const application = await server.createApplication()
    await set({ frozen: true })
    const { now } = await read()
    const { oldSecretUntil } = await rotateSecret(server.ctx, theSystem, String(application.id), {
      overlapMs: hourMs,
    })
    expect(Date.parse(oldSecretUntil ?? '')).toBe(Date.parse(now) + hourMs)
    const grant = await server.ctx.grants.give({ access: 'read', applicationId: application.id, userId: 1 })
    await advance({ minutes: 59 })
    await ask(application).expect(200)
    await advance({ minutes: 1 })
    await ask(application).expect(401)
    expect(await server.ctx.grants.check(grant, 'read')).toBeDefined()
    await advance({ hours: grantHours })
    expect(await server.ctx.grants.check(grant, 'read')).toBeUndefined()
  })

  it('records are removed after their retention', async () => {
    const [jane, joe] = [await createUser(server.main), await createUser(server.main)]
    const channel = await createChannel(server.main, { members: [{ id: jane.id }, { id: joe.id }] })
    await sendMessage(server.main, channel.id, { user: { id: joe.id } })
    await advance({ ms: 0 })
    const count = () => server.ctx.db.prisma.notification.count({ where: { recipientId: BigInt(jane.id) } })
    expect(await count()).toBe(1)
    await advance({ days: 29 })
    expect(await count()).toBe(1)
    await advance({ days: 1.1 })
    expect(await count()).toBe(0)
  })

  it('a run of a function whose process dies is retried, at each of its times', async () => {
    await set({ now: eve, frozen: true })
    const application = await server.createApplication()
    const crash = await deploy(
      application,
      'user.sent.message',
      `async function handleEvent() {
        console.log(new Date().toISOString(), Date.now())
        process.abort()
      }`,
    )
    const jane = await createUser(application)
    const channel = await createChannel(application, { members: [{ id: jane.id }] })
    await sendMessage(application, channel.id, { user: { id: jane.id } })
    await advance({ minutes: 10 })
    const runs = (await invocationsOf(application, crash)).toReversed()
    const seconds = (time: string) => (Date.parse(time) - Date.parse(eve)) / 1_000
    expect(runs.map(({ createdTime }) => seconds(createdTime))).toEqual([0, 1, 5, 21, 85])
  })

  it('functions can call the API after a move to the future and back', async () => {
    const application = await server.createApplication()
    const reader = await deploy(
      application,
      'user.sent.message',
      `async function handleEvent(event, context) {
        return (await context.getApplicationApi().retrieveApplication()).data.id
      }`,
    )
    const jane = await createUser(application)
    const channel = await createChannel(application, { members: [{ id: jane.id }] })
    const send = () => sendMessage(application, channel.id, { user: { id: jane.id } })
    await send()
    await advance({ hours: 6 })
    await server.testApi.delete('/clock').expect(204)
    await send()
    await advance({ ms: 0 })
    const runs = await invocationsOf(application, reader)
    expect(runs.map(({ result }) => result.payload)).toEqual([application.id, application.id])
  })

  it('functions see the time of the server, and so do their logs', async () => {
    await set({ now: eve, frozen: true })
    const application = await server.createApplication()
    const teller = await deploy(
      application,
      'user.sent.message',
      `async function handleEvent() {
        console.log(new Date().toISOString())
        return { now: Date.now(), isDate: new Date() instanceof Date, of: new Date(0).getTime(), text: Date().length > 9 }
      }`,
    )
    const jane = await createUser(application)
    const channel = await createChannel(application, { members: [{ id: jane.id }] })
    await sendMessage(application, channel.id, { user: { id: jane.id } })
    await advance({ ms: 0 })
    const [run] = await invocationsOf(application, teller)
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      createdTime: eve,
      result: { payload: { now: Date.parse(eve), isDate: true, of: 0, text: true } },
      logs: [{ time: eve, text: eve }],
    })
  })

  it('a job that failed is retried, and given up in the end', async () => {
    await set({ frozen: true })
    const folder = join(server.ctx.config.home, 'files', 'uploads')
    await mkdir(dirname(folder), { recursive: true })
    await rm(folder, { recursive: true, force: true })
    await writeFile(folder, 'in the way')
    const start = async () => (await server.main.post('/analytics/users').expect(202)).body.id
    const stateOf = async (id: number) => (await server.main.get(`/jobs/${id}`).expect(200)).body.state
    const lost = await start()
    await advance({ ms: 0 })
    expect(await stateOf(lost)).not.toMatch(/FINISHED|FAILED/)
    await advance({ minutes: 1 })
    expect(await stateOf(lost)).toBe('FAILED')
    const saved = await start()
    await advance({ ms: 0 })
    await rm(folder)
    expect(await stateOf(saved)).not.toMatch(/FINISHED|FAILED/)
    await advance({ seconds: 1 })
    expect(await stateOf(saved)).toBe('FINISHED')
  })
})

describe('when the clock is moved, connected users', () => {
  let alice: Awaited<ReturnType<typeof connect>>
  let bob: { id: number; name: string }
  let channel: Awaited<ReturnType<typeof createChannel>>
  beforeEach(async () => {
    bob = await createUser(server.main)
    alice = await connect(server, server.main, uniqueName('alice'))
    const { user } = alice
    channel = await createChannel(server.main, { members: [{ id: user.id }, { id: bob.id }] })
  })
  afterEach(() => disconnect(alice))

  const ofAlice = async () =>
    (await done(alice.client.retrieveChannel(channel.id))) as { channel: Parameters<typeof startChat>[1] }

  it('send messages', async () => {
    await set({ now: eve, frozen: true })
    const { channel } = await ofAlice()
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Merry Christmas' }))
    expect(message.createdTime).toBe(eve)
    await advance({ minutes: 1 })
    const later = await done(alice.client.sendMessage({ channel, body: 'again' }))
    expect(later.message.createdTime).toBe('2030-12-24T18:01:00.000Z')
  })

  it('have stopped typing', async () => {
    await set({ frozen: true })
    const chat = await startChat(alice, (await ofAlice()).channel)
    await server.main.post(`/channels/${channel.id}/keystrokes`, { keys: 'Hel', user: { id: bob.id } })
    await chat.onTypingStarted.next()
    await advance({ seconds: 4 })
    expect(chat.onTypingStopped.items).toEqual([])
    await advance({ seconds: 1 })
    expect((await chat.onTypingStopped.next())[0]).toMatchObject({ name: bob.name })
  })

  it('go offline when they have been disconnected for too long, at that time', async () => {
    await set({ now: eve, frozen: true })
    const changes = collect(alice.client.onUserPresenceChanged)
    const phone = new Phone(server, server.main, bob.name)
    await phone.connect()
    await changes.next(({ name, presence }) => name === bob.name && presence.online)
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    const isOnline = async () => (await server.main.get(`/users/${bob.id}`).expect(200)).body.presence.online
    await advance({ seconds: 7 })
    expect(await isOnline()).toBe(true)
    await advance({ hours: 1 })
    expect(await isOnline()).toBe(false)
    await changes.next(({ name, presence }) => name === bob.name && !presence.online)
    const row = await server.ctx.db.prisma.userSession.findFirstOrThrow({
      where: { key: phone.session ?? '' },
    })
    expect(row.endTime?.toISOString()).toBe('2030-12-24T18:00:08.000Z')
  })

  it('can resume within ten minutes, and no later', async () => {
    await set({ frozen: true })
    const phone = new Phone(server, server.main, bob.name)
    await phone.connect()
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    await advance({ minutes: 9 })
    expect((await phone.connect()).command).toBe('CONNECTED')
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    await advance({ minutes: 10 })
    expect(await phone.connect()).toMatchObject({
      command: 'ERROR',
      body: expect.stringContaining('was disconnected for too long'),
    })
  })
})
