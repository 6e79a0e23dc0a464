// Faults of sockets and of functions, and their journal entries, with the official client and a client that is
// controlled frame by frame.
import type { Channel } from '@chatkitty/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Device, disconnect, done, refused, startChat } from '../conformance/realtime.ts'
import { Phone, untilLossIsNoticed } from '../realtime/phone.ts'
import { frame } from '../stomp/stomp-client.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'

let server: TestApiServer
let world: World
let alice: Device
let bob: Device
let channel: Channel
beforeAll(async () => {
  server = await startTestApi()
  const users = ['alice', 'bob', 'carol', 'phone'].map((name) => ({
    name,
    displayName: name,
    isGuest: false,
  }))
  const members = users.map(({ name }) => ({ username: name }))
  world = await server.createWorld({
    seed: {
      users,
      functions: [
        {
          name: 'greeter',
          event: 'user.sent.message',
          script: "export default async () => ({ said: 'hello' })",
        },
      ],
    },
  })
  await server.as(world).post('/channels').send({ type: 'PUBLIC', name: 'lobby', members }).expect(200)
  alice = await connect(server, world, 'alice')
  bob = await connect(server, world, 'bob')
  const { paginator } = await done(alice.client.listChannels())
  channel = paginator.items[0] as Channel
})
afterAll(async () => {
  await disconnect(alice, bob)
  await server.close()
})

const phones = new Set<Phone>()
afterEach(async () => {
  await lift()
  await Promise.all([...phones].map((phone) => phone.cut()))
  phones.clear()
})

async function fail(on: object, effect: object, limits: object = { times: 1 }): Promise<void> {
  const fault = { on, do: effect, ...limits }
  await server.testApi.post(`/worlds/${world.id}/faults`).send(fault).expect(201)
}

const lift = () => server.testApi.delete(`/worlds/${world.id}/faults`).expect(204)

async function entries(query: Record<string, unknown>) {
  const { body } = await server.testApi.get(`/worlds/${world.id}/journal`).query(query).expect(200)
  return body.entries
}

async function expected(match: object) {
  const query = { match: JSON.stringify(match), timeoutMs: 20_000 }
  const { body } = await server.testApi.get(`/worlds/${world.id}/journal/wait`).query(query).expect(200)
  return body
}

const say = (device: Device, body: string) => device.client.sendMessage({ channel, body })
const messages = () => `/topic/channels/${channel.id}.messages`

function newPhone(): Phone {
  const phone = new Phone(server, world, 'phone')
  phones.add(phone)
  return phone
}

/** A phone that is subscribed to the channel. */
async function openPhone(ack = 'client-individual'): Promise<Phone> {
  const phone = newPhone()
  phone.ack = ack
  await phone.connect()
  await phone.listen(messages())
  return phone
}

async function comeBack(phone: Phone): Promise<void> {
  await phone.cut()
  await untilLossIsNoticed(server, phone)
  await phone.connect()
  await phone.listen(messages())
}

describe('a fault of the socket', () => {
  it('refuses a connection with its message', async () => {
    await fail({ frame: 'CONNECT', username: 'phone' }, { refuse: 'Not today' })
    const phone = newPhone()
    const answer = await phone.connect()
    expect(answer.command).toBe('ERROR')
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'AccessDeniedError', message: 'Not today' })
    expect((await phone.connect()).command).toBe('CONNECTED')
  })

  it('refuses a connection with any error name', async () => {
    await fail({ frame: 'CONNECT' }, { error: { error: 'OddError', message: 'How odd' } })
    const answer = await newPhone().connect()
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'OddError', message: 'How odd' })
  })

  it('fails an action of the official client on its queue of errors', async () => {
    const error = { error: 'RateLimitedError', message: 'Too much for a test' }
    await fail(
      { frame: 'SEND', username: 'alice', destination: '/application/channels/*.message' },
      { error },
    )
    expect(await refused(say(alice, 'never'))).toMatchObject(error)
    await done(say(alice, 'as ever'))
    const sent = { kind: 'event', type: 'channel.message.created', username: 'alice' }
    await expect.poll(() => entries(sent)).toHaveLength(1)
  })

  it('fails what a client requests, and nothing else', async () => {
    const error = { error: 'OddError', message: 'How odd' }
    await fail({ frame: 'SUBSCRIBE', username: 'alice', destination: '**/user.contacts.relay**' }, { error })
    expect(await refused(alice.client.listUsers())).toMatchObject(error)
    await done(alice.client.listUsers())
  })

  it('closes the connection, and the official client reconnects', async () => {
    const carol = await connect(server, world, 'carol')
    const connects = async () =>
      (await entries({ kind: 'frame', username: 'carol' })).filter(
        (entry: { frame: string }) => entry.frame === 'CONNECT',
      )
    expect(await connects()).toHaveLength(1)
    await fail({ frame: 'SEND', username: 'carol' }, { disconnect: true })
    say(carol, 'lost with the connection').catch(() => {}) // the client gives up after ten seconds
    await expect.poll(connects).toHaveLength(2)
    await done(carol.client.countUnreadChannels())
    await disconnect(carol)
  })

  it('drops what is sent, without an error', async () => {
    const phone = await openPhone()
    await fail({ frame: 'SEND', username: 'phone' }, { drop: true })
    const send = (body: string) =>
      phone.stomp?.send(
        frame(
          'SEND',
          { destination: `/application/channels/${channel.id}.message`, receipt: body },
          JSON.stringify({ type: 'TEXT', body }),
        ),
      )
    send('dropped')
    send('kept')
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['kept'])
    const receipts = phone.stomp?.frames.filter(({ command }) => command === 'RECEIPT') ?? []
    expect(receipts.map(({ headers }) => headers['receipt-id'])).not.toContain('dropped')
  })

  it('processes what is sent twice', async () => {
    const phone = await openPhone()
    await fail({ frame: 'SEND', username: 'alice' }, { duplicate: true })
    await done(say(alice, 'twice'))
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['twice', 'twice'])
  })

  it.each(['client-individual', 'auto'])(
    'drops a message, which a resumed session receives once (ack: %s)',
    async (ack) => {
      const phone = await openPhone(ack)
      await fail({ frame: 'MESSAGE', type: 'channel.message.created', username: 'phone' }, { drop: true })
      await done(say(alice, `lost ${ack}`))
      await done(say(alice, `heard ${ack}`))
      await expect.poll(() => phone.bodies(channel.id)).toEqual([`heard ${ack}`])
      await comeBack(phone)
      await expect.poll(() => phone.bodies(channel.id)).toEqual([`heard ${ack}`, `lost ${ack}`])
      await done(say(alice, `then ${ack}`))
      await expect
        .poll(() => phone.bodies(channel.id))
        .toEqual([`heard ${ack}`, `lost ${ack}`, `then ${ack}`])
    },
  )

  it('disconnects the recipient of a message, who receives it after reconnecting', async () => {
    const phone = await openPhone()
    await fail({ frame: 'MESSAGE', type: 'channel.message.created', username: 'phone' }, { disconnect: true })
    await done(say(alice, 'after all'))
    await phone.stomp?.closed
    expect(phone.bodies(channel.id)).toEqual([])
    await comeBack(phone)
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['after all'])
  })

  it('delivers a message twice, or later than the next', async () => {
    const phone = await openPhone()
    await fail({ frame: 'MESSAGE', type: 'channel.message.created', username: 'phone' }, { duplicate: true })
    await done(say(alice, 'double'))
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['double', 'double'])
    await fail({ frame: 'MESSAGE', type: 'channel.message.created', username: 'phone' }, { delayMs: 3_000 })
    await done(say(alice, 'late'))
    await done(say(alice, 'early'))
    await expect.poll(() => phone.bodies(channel.id).slice(2)).toEqual(['early', 'late'])
  })

  it('applies to its world only', async () => {
    await fail({ frame: 'MESSAGE' }, { drop: true }, {})
    await fail({ frame: 'CONNECT' }, { refuse: 'no' }, {})
    const other = await server.createWorld()
    const phone = new Phone(server, other, 'guest')
    expect((await phone.connect()).command).toBe('CONNECTED')
    await phone.cut()
  })
})

describe('a fault of a function', () => {
  it('fails a run as if it threw', async () => {
    await fail({ function: 'greeter' }, { error: { error: 'OddError', message: 'How odd' } })
    await done(say(alice, 'fail'))
    const entry = await expected({ kind: 'function', function: 'greeter', status: 'FAILED' })
    expect(entry).toMatchObject({
      type: 'user.sent.message',
      error: { name: 'OddError', message: 'How odd', reason: 'threw' },
      event: { message: { body: 'fail' } },
    })
  })
})

describe('the journal', () => {
  it('contains frames in both directions, with their user', async () => {
    await done(say(alice, 'seen'))
    expect(await expected({ kind: 'frame', frame: 'SEND', body: { body: 'seen' } })).toMatchObject({
      username: 'alice',
      destination: `/application/channels/${channel.id}.message`,
    })
    const chat = await startChat(bob, channel)
    await done(say(alice, 'told'))
    const message = { frame: 'MESSAGE', username: 'bob', type: 'channel.message.created' }
    expect(await expected({ ...message, body: { resource: { body: 'told' } } })).toMatchObject({
      destination: messages(),
    })
    chat.session.end()
  })

  it('contains all events, whichever API caused them', async () => {
    const { body } = await server
      .as(world)
      .post(`/channels/${channel.id}/messages`)
      .send({ type: 'TEXT', body: 'by a backend', user: { username: 'bob' } })
      .expect(200)
    const entry = await expected({ kind: 'event', payload: { messageId: body.id } })
    expect(entry).toMatchObject({ type: 'channel.message.created', channelId: channel.id, username: 'bob' })
  })

  it('contains runs of functions', async () => {
    await done(say(alice, 'run'))
    const match = {
      kind: 'function',
      function: 'greeter',
      status: 'SUCCEEDED',
      event: { message: { body: 'run' } },
    }
    expect(await expected(match)).toMatchObject({ type: 'user.sent.message', result: { said: 'hello' } })
  })

  it('contains no secret of connecting clients', async () => {
    const device = await connect(server, world, 'phone', { pin: 'hunter2' })
    await disconnect(device)
    const text = JSON.stringify(await entries({ limit: 10_000 }))
    const { write, read } = { write: /"grant":"(?!\*\*\*)/, read: /hunter2/ }
    expect(text).toMatch(/CONNECT/)
    expect(text).not.toMatch(write)
    expect(text).not.toMatch(read)
    expect(text).not.toContain(Buffer.from(JSON.stringify({ pin: 'hunter2' })).toString('base64'))
  })
})
