// A resumed session receives the missed events of each topic that its user had access to. [decision 13]

import { setTimeout as sleep } from 'node:timers/promises'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { theSystem } from '#domain/access/operator.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { currentPosition } from '#domain/events/current-position.ts'
import { blockUser } from '#domain/users/block-user.ts'
import { unblockUser } from '#domain/users/unblock-user.ts'
import { callerOf } from '../support/as-user.ts'
import { createUser } from '../support/factories.ts'
import { deploy } from '../support/functions.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { delivered, messages, openChat, own, say } from './chat.ts'
import { Phone, untilLossIsNoticed } from './phone.ts'

let server: TestServer
let app: TestApplication
beforeAll(async () => {
  server = await startServer()
  app = server.main
})
afterAll(() => server.close())

it('events of a user who is blocked or unblocked are delivered according to the block at their time', async () => {
  const [a, b] = await Promise.all([createUser(app), createUser(app)])
  const phone = new Phone(server, app, b.name)
  await phone.connect()
  await phone.listen(own(b, 'contacts'), own(b, 'users'))
  await phone.cut()
  const rename = (displayName: string) => app.patch(`/users/${a.id}`, { displayName }).expect(200)
  const caller = callerOf(app, b)
  const sees = () => phone.heard.filter(({ type }) => type === 'contact.user.updated').length
  await rename('one')
  await blockUser(server.ctx, caller, a.id)
  await rename('two')
  await rename('three')
  await phone.connect()
  await phone.listen(own(b, 'contacts'), own(b, 'users'))
  await rename('four')
  await expect.poll(() => phone.heard.some(({ type }) => type === 'user.user.blocked')).toBe(true)
  expect(sees()).toBe(1)
  await phone.cut()
  const record = await server.ctx.db.prisma.userBlock.findFirstOrThrow({ where: { blockerId: b.id } })
  await rename('five')
  await unblockUser(server.ctx, caller, Number(record.id))
  await rename('six')
  await phone.connect()
  await phone.listen(own(b, 'contacts'), own(b, 'users'))
  await expect.poll(sees).toBe(2)
})

it('a user who is connected to an application that is deleted receives an error, and cannot reconnect', async () => {
  const other = await server.createApplication()
  const phone = new Phone(server, other, 'guest')
  await phone.connect()
  await deleteApplication(server.ctx, theSystem, String(other.id))
  const end = await phone.end()
  expect(end).toMatchObject({
    command: 'ERROR',
    body: expect.stringContaining('The application was deleted'),
  })
  expect(await phone.connect()).toMatchObject({ command: 'ERROR' })
})

it('no user can connect to an application that is being deleted', async () => {
  const other = await server.createApplication()
  const closedTime = new Date()
  await server.ctx.db.prisma.application.update({ where: { id: other.id }, data: { closedTime } })
  expect(await new Phone(server, other, 'guest').connect()).toMatchObject({ command: 'ERROR' })
})

describe('a session cannot be resumed', () => {
  const refusal = (text: string) => ({
    command: 'ERROR',
    body: expect.stringMatching(new RegExp(`AccessDeniedError.*${text}`)),
  })

  it('after the user was deleted', async () => {
    const { phone, b } = await openChat(server, app)
    await phone.cut()
    await app.delete(`/users/${b.id}`).expect(200)
    expect(await phone.connect()).toMatchObject(refusal('The user was deleted'))
  })

  it('after the API key was replaced', async () => {
    const other = await server.createApplication()
    const phone = new Phone(server, other, 'guest')
    await phone.connect()
    await phone.cut()
    await server.ctx.db.prisma.application.update({ where: { id: other.id }, data: { key: uuid() } })
    expect(await phone.connect()).toMatchObject(refusal('no application with this API key'))
  })

  it('after guests were disabled, which disconnects guests, except those whom functions admitted', async () => {
    const other = await server.createApplication()
    const phones = ['away', 'there'].map((name) => new Phone(server, other, name))
    const [away, there] = phones as [Phone, Phone]
    await Promise.all(phones.map((phone) => phone.connect()))
    await deploy(other, 'user.attempted.start_session', 'async function handleEvent() {}')
    await createUser(other, { name: 'vouched' })
    const vouched = new Phone(server, other, 'vouched')
    await vouched.connect()
    await away.cut()
    await other
      .put('/application/settings', { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' })
      .expect(200)
    expect(await there.end()).toMatchObject(refusal('allow guests'))
    await vouched.cut()
    expect(await vouched.connect()).toMatchObject({ command: 'CONNECTED' })
    const refuse = `async function handleEvent() { throw new Error('who are you?') }`
    await deploy(other, 'user.attempted.start_session', refuse)
    expect(await away.connect()).toMatchObject(refusal('who are you'))
    await vouched.cut()
  })
})

describe('missed events of a topic', () => {
  /** Creates a client that subscribes to two channels and loses its connection. */
  async function two() {
    const [one, other] = [await openChat(server, app), await openChat(server, app)]
    const { phone } = one
    await app.post(`/channels/${other.channel.id}/members`, { id: one.b.id }).expect(200)
    await expect.poll(() => phone.heard.at(-1)?.type).toBe('user.channel.joined')
    expect(await phone.listen(messages(other.channel.id))).toEqual([undefined])
    await phone.cut()
    await untilLossIsNoticed(server, phone)
    const ids = [one.channel.id, other.channel.id] as const
    for (const id of ids) await say(app, id, `missed in ${id}`)
    await Promise.all([delivered(app, one), delivered(app, other)])
    const hears = (id: number) => expect.poll(() => phone.bodies(id)[0]).toBe(`missed in ${id}`)
    return { phone, ids, hears, one, other }
  }

  it('are delivered when it is subscribed to again, however late that is', async () => {
    const { phone, ids, hears, other } = await two()
    await phone.connect()
    phone.askForUser()
    await phone.listen(messages(ids[0]))
    await hears(ids[0])
    await sleep(2_500) // clients with slow connections take longer
    await phone.listen(messages(ids[1]))
    await hears(ids[1])
    await say(app, ids[1], 'now')
    await expect.poll(() => phone.bodies(ids[1]).at(-1)).toBe('now')
    await delivered(app, other)
    for (const id of ids) expect(new Set(phone.bodies(id)).size).toBe(phone.bodies(id).length)
  })

  it('are delivered on the next connection where the connection is lost again before, and delivered ones are not repeated', async () => {
    const { phone, ids, hears, one, other } = await two()
    await phone.connect()
    await phone.listen(messages(ids[0]))
    await hears(ids[0])
    await delivered(app, one)
    const last = phone.bodies(ids[0]).length
    await phone.stomp?.ask('UNSUBSCRIBE', { id: 'none' }) // makes sure that the acknowledgements have arrived
    await phone.cut()
    await phone.connect()
    await phone.listen(messages(ids[1]), messages(ids[0]))
    await hears(ids[1])
    await Promise.all([delivered(app, one), delivered(app, other)])
    await expect.poll(() => phone.bodies(ids[0]).length).toBe(last + 1)
    expect(new Set(phone.bodies(ids[0])).size).toBe(last + 1)
  })

  describe.each([
    {
      which: 'that the server has noticed',
      async lose(phone: Phone) {
        await phone.cut()
        await untilLossIsNoticed(server, phone)
      },
    },
    { which: 'that nobody has noticed', lose: async (phone: Phone) => phone.stomp?.ws.pause() },
  ])('after a loss $which', ({ lose }) => {
    it('include the last message of a channel, which was published a second after its event', async () => {
      const { phone, witness, channel, a, b } = await openChat(server, app)
      await witness.listen(own(a, 'channels'))
      let last = ''
      do {
        await say(app, channel.id, uuid())
        last = uuid()
        await say(app, channel.id, last)
        await expect.poll(() => phone.bodies(channel.id), { interval: 5 }).toContain(last)
      } while (lastListed(phone) === last) // this took a second
      const { stomp } = phone
      await lose(phone)
      await expect.poll(() => lastListed(witness)).toBe(last)
      await phone.connect()
      await phone.listen(own(b, 'channels'), messages(channel.id))
      await expect.poll(() => lastListed(phone)).toBe(last)
      stomp?.ws.terminate()
    })
  })

  it('are not delivered after the RECEIPT of an UNSUBSCRIBE', async () => {
    const { phone, ids, hears } = await two()
    const missed = server.ctx.arrivals.missed.bind(server.ctx.arrivals)
    const reading = Promise.withResolvers<void>()
    const spy = vi.spyOn(server.ctx.arrivals, 'missed').mockImplementation(async (range) => {
      const events = await missed(range)
      await reading.promise
      return events
    })
    await phone.connect()
    await phone.listen(...ids.map(messages))
    await expect.poll(() => spy.mock.calls.length).toBe(1)
    await phone.stomp?.ask('UNSUBSCRIBE', { id: `to ${messages(ids[0])}` })
    reading.resolve()
    spy.mockRestore()
    await hears(ids[1])
    expect(phone.bodies(ids[0])).toEqual([])
  })

  it('are delivered to a client that once failed to acknowledge a message, long after the log has deleted that', async () => {
    const all = await openChat(server, app)
    const { channel, phone, topics } = all
    phone.acknowledges = false
    await say(app, channel.id, 'failed')
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['failed'])
    phone.acknowledges = true
    const now = performance.now.bind(performance)
    const time = vi.spyOn(performance, 'now').mockImplementation(() => now() + 62_000)
    onTestFinished(() => time.mockRestore())
    await say(app, channel.id, 'later')
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['failed', 'later'])
    time.mockImplementation(() => now() + 124_000)
    await say(app, channel.id, 'last')
    await expect.poll(() => phone.bodies(channel.id).at(-1)).toBe('last')
    const last = await currentPosition(server.ctx)
    const key = phone.session ?? ''
    const acknowledged = async () =>
      Number((await server.ctx.db.prisma.userSession.findUniqueOrThrow({ where: { key } })).ackedPosition)
    await delivered(app, all) // makes the session's position be saved once more
    await expect.poll(acknowledged).toBeGreaterThanOrEqual(last)
    await phone.cut()
    await server.ctx.db.query({ text: 'delete from event_log where position <= $1' }, [last])
    await say(app, channel.id, 'missed')
    await phone.connect()
    await phone.listen(...topics)
    await expect.poll(() => phone.bodies(channel.id).at(-1)).toBe('missed')
    expect(phone.bodies(channel.id).filter((body) => body === 'failed')).toHaveLength(1)
  })

  it('that are no longer stored end the session, so that its client starts anew', async () => {
    const { phone, ids } = await two()
    await server.ctx.db.query({ text: 'delete from event_log' }, [])
    await phone.connect()
    void phone.listen(messages(ids[0])).catch(() => undefined)
    const end = await phone.end()
    expect(end?.body).toMatch(/AccessDeniedError.*start a new session/)
  })

  it('are not delivered for a topic that the session did not subscribe to before', async () => {
    const { phone, one } = await two()
    await phone.connect()
    await phone.listen(`/topic/channels/${one.channel.id}.events`)
    await delivered(app, one)
    expect(phone.heard.filter(({ destination }) => destination.endsWith('.events'))).toEqual([])
  })

  it('that an official client has given up are not delivered to a later subscription', async () => {
    const { phone, ids, one } = await two()
    await phone.connect()
    await phone.listen(own(one.b, 'channels')) // all of its subscriptions to its user's own topics
    phone.askForUser()
    await expect
      .poll(() => phone.stomp?.frames.some(({ body }) => body.includes('resource.relayed')))
      .toBe(true)
    phone.stomp?.send(`SUBSCRIBE\nid:another\ndestination:${messages(ids[0])}\nreceipt:r\n\n\0`)
    await expect
      .poll(() => phone.stomp?.frames.some(({ headers }) => headers['receipt-id'] === 'r'))
      .toBe(true)
    await delivered(app, one)
    await expect.poll(() => phone.bodies(ids[0]).length).toBe(1)
    // Events of a topic subscribed to with its previous id are delivered.
    await phone.listen(messages(ids[1]))
    await expect.poll(() => phone.bodies(ids[1])[0]).toBe(`missed in ${ids[1]}`)
  })
})

/** Returns the last message of a channel that the client has in its list. */
function lastListed({ heard }: Phone): string | undefined {
  const last = heard.findLast(({ type }) => type === 'user.channel.updated')?.resource
  return (last as { lastReceivedMessage?: { body: string } } | undefined)?.lastReceivedMessage?.body
}
