// What takes its time from the clock, or expires by it (testing contract 3). No test waits for real time.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { theSystem } from '#domain/access/operator.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import { grantHours } from '#files/grants.ts'
import { Sweeper } from '#jobs/sweeper.ts'
import { collect, connect, disconnect, done, startChat, uniqueName } from '../conformance/realtime.ts'
import { Phone, untilLossIsNoticed } from '../realtime/phone.ts'
import { eve, hourMs, keepTokens } from '../support/clock.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, invocationsOf } from '../support/functions.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'

let server: TestApiServer
let sweeper: Sweeper
beforeAll(async () => {
  server = await startTestApi({ NOTIFICATIONS_DAYS: '30' })
  await keepTokens(server)
  sweeper = new Sweeper(server.ctx)
  sweeper.start()
})
afterAll(async () => {
  await sweeper.stop()
  await server.close()
})
afterEach(() => server.clock.release())

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
    await server.clock.set({ frozen: true })
    const { token, lifeMs } = await issue()
    await server.clock.advance({ ms: lifeMs - 1 })
    expect(await statusOf(token)).toBe(200)
    await server.clock.advance({ ms: 1 })
    expect(await statusOf(token)).toBe(401)
  })

  it('tokens that were issued in the future are valid in the past', async () => {
    await server.clock.set({ now: eve })
    const { token } = await issue()
    await server.clock.set({ now: '2001-01-01T00:00:00Z' })
    expect(await statusOf(token)).toBe(200)
  })

  it('rotated secrets, and grants, expire', async () => {
    const application = await server.createApplication()
    await server.clock.set({ frozen: true })
    const { now } = await server.clock.read()
    const { oldSecretUntil } = await rotateSecret(server.ctx, theSystem, String(application.id), {
      overlapMs: hourMs,
    })
    expect(Date.parse(oldSecretUntil ?? '')).toBe(Date.parse(now) + hourMs)
    const grant = await server.ctx.grants.give({ access: 'read', applicationId: application.id, userId: 1 })
    await server.clock.advance({ minutes: 59 })
    await ask(application).expect(200)
    await server.clock.advance({ minutes: 1 })
    await ask(application).expect(401)
    expect(await server.ctx.grants.check(grant, 'read')).toBeDefined()
    await server.clock.advance({ hours: grantHours })
    expect(await server.ctx.grants.check(grant, 'read')).toBeUndefined()
  })

  it('records are removed after their retention', async () => {
    const [jane, joe] = [await createUser(server.main), await createUser(server.main)]
    const channel = await createChannel(server.main, { members: [{ id: jane.id }, { id: joe.id }] })
    await sendMessage(server.main, channel.id, { user: { id: joe.id } })
    await server.clock.advance({ ms: 0 })
    const count = () => server.ctx.db.prisma.notification.count({ where: { recipientId: BigInt(jane.id) } })
    expect(await count()).toBe(1)
    await server.clock.advance({ days: 29 })
    expect(await count()).toBe(1)
    await server.clock.advance({ days: 1.1 })
    expect(await count()).toBe(0)
  })

  it('a run of a function whose process dies is retried, at each of its times', async () => {
    await server.clock.set({ now: eve, frozen: true })
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
    await server.clock.advance({ minutes: 10 })
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
    await server.clock.advance({ hours: 6 })
    await server.clock.release()
    await send()
    await server.clock.advance({ ms: 0 })
    const runs = await invocationsOf(application, reader)
    expect(runs.map(({ result }) => result.payload)).toEqual([application.id, application.id])
  })

  it('functions see the time of the server, and so do their logs', async () => {
    await server.clock.set({ now: eve, frozen: true })
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
    await server.clock.advance({ ms: 0 })
    const [run] = await invocationsOf(application, teller)
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      createdTime: eve,
      result: { payload: { now: Date.parse(eve), isDate: true, of: 0, text: true } },
      logs: [{ time: eve, text: eve }],
    })
  })

  it('a job that failed is retried, and given up in the end', async () => {
    await server.clock.set({ frozen: true })
    const folder = join(server.ctx.config.home, 'files', 'uploads')
    await mkdir(dirname(folder), { recursive: true })
    await rm(folder, { recursive: true, force: true })
    await writeFile(folder, 'in the way')
    const start = async () => (await server.main.post('/analytics/users').expect(202)).body.id
    const stateOf = async (id: number) => (await server.main.get(`/jobs/${id}`).expect(200)).body.state
    const lost = await start()
    await server.clock.advance({ ms: 0 })
    expect(await stateOf(lost)).not.toMatch(/FINISHED|FAILED/)
    await server.clock.advance({ minutes: 1 })
    expect(await stateOf(lost)).toBe('FAILED')
    const saved = await start()
    await server.clock.advance({ ms: 0 })
    await rm(folder)
    expect(await stateOf(saved)).not.toMatch(/FINISHED|FAILED/)
    await server.clock.advance({ seconds: 1 })
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
    await server.clock.set({ now: eve, frozen: true })
    const { channel } = await ofAlice()
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Merry Christmas' }))
    expect(message.createdTime).toBe(eve)
    await server.clock.advance({ minutes: 1 })
    const later = await done(alice.client.sendMessage({ channel, body: 'again' }))
    expect(later.message.createdTime).toBe('2030-12-24T18:01:00.000Z')
  })

  it('have stopped typing', async () => {
    await server.clock.set({ frozen: true })
    const chat = await startChat(alice, (await ofAlice()).channel)
    await server.main.post(`/channels/${channel.id}/keystrokes`, { keys: 'Hel', user: { id: bob.id } })
    await chat.onTypingStarted.next()
    await server.clock.advance({ seconds: 4 })
    expect(chat.onTypingStopped.items).toEqual([])
    await server.clock.advance({ seconds: 1 })
    expect((await chat.onTypingStopped.next())[0]).toMatchObject({ name: bob.name })
  })

  it('go offline when they have been disconnected for too long, at that time', async () => {
    await server.clock.set({ now: eve, frozen: true })
    const changes = collect(alice.client.onUserPresenceChanged)
    const phone = new Phone(server, server.main, bob.name)
    await phone.connect()
    await changes.next(({ name, presence }) => name === bob.name && presence.online)
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    const isOnline = async () => (await server.main.get(`/users/${bob.id}`).expect(200)).body.presence.online
    await server.clock.advance({ seconds: 7 })
    expect(await isOnline()).toBe(true)
    await server.clock.advance({ hours: 1 })
    expect(await isOnline()).toBe(false)
    await changes.next(({ name, presence }) => name === bob.name && !presence.online)
    const row = await server.ctx.db.prisma.userSession.findFirstOrThrow({
      where: { key: phone.session ?? '' },
    })
    expect(row.endTime?.toISOString()).toBe('2030-12-24T18:00:08.000Z')
  })

  it('can resume within ten minutes, and no later', async () => {
    await server.clock.set({ frozen: true })
    const phone = new Phone(server, server.main, bob.name)
    await phone.connect()
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    await server.clock.advance({ minutes: 9 })
    expect((await phone.connect()).command).toBe('CONNECTED')
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    await server.clock.advance({ minutes: 10 })
    expect(await phone.connect()).toMatchObject({
      command: 'ERROR',
      body: expect.stringContaining('was disconnected for too long'),
    })
  })
})
