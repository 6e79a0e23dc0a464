// Reading messages through the official real-time client.
import type { Channel, Message } from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import { connectNew, type Device, disconnect, done, makeChannel, refused } from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aMessage, aUser, ofAMessage } from '../realtime-resources.ts'

let server: TestServer
let alice: Device
let bob: Device
beforeAll(async () => {
  server = await shareServer()
  ;[alice, bob] = await connectNew(server, 'alice', 'bob')
})
afterAll(async () => {
  await disconnect(alice, bob)
  await server.close()
})

/** A channel of alice, the moderator, and bob. */
const makePrivateChannel = () => makeChannel(alice, { type: 'PRIVATE', members: [{ username: 'bob' }] })

async function say({ client }: Device, body: string, channel: Channel): Promise<Message> {
  return (await done(client.sendMessage({ channel, body }))).message
}

describe('reading', () => {
  it('counts the messages of others that the user has not read', async () => {
    const where = await makePrivateChannel()
    const first = await say(alice, 'One', where)
    await say(alice, 'Two', where)
    await sendMessage(server.main, where.id, { body: 'Three' })
    await say(bob, 'My own', where)
    const unread = async () => (await done(bob.client.countUnreadMessages({ channel: where }))).count
    const all = async () => (await done(bob.client.countUnreadMessages())).count
    const others = (await all()) - 3
    expect(await unread()).toBe(3)

    const { message } = await done(bob.client.readMessage({ message: first }))
    expect(message.id).toBe(first.id)
    expect(await unread()).toBe(2)
    await done(bob.client.readMessage({ message: first }))
    expect(await unread()).toBe(2)
    await done(bob.client.unreadMessage({ message: first }))
    expect(await unread()).toBe(3)
    const { channel: read } = await done(bob.client.readChannel({ channel: where }))
    expect(read.id).toBe(where.id)
    expect(await unread()).toBe(0)
    expect(await all()).toBe(others)
    expect((await done(bob.client.checkChannelUnread({ channel: where }))).unread).toBe(false)
  })

  it('leaves receipts', async () => {
    const message = await say(alice, 'Read me', await makePrivateChannel())
    await done(bob.client.readMessage({ message }))
    const { paginator } = await done(alice.client.listReadReceipts({ message }))
    expect(paginator.items).toEqual([ofAMessage({ user: aUser('bob') })])
    const { body } = await server.main.get(`/messages/${message.id}/read-receipts`).expect(200)
    expect(body._embedded.receipts ?? Object.values(body._embedded)[0]).toHaveLength(1)
  })

  it('returns the last message that a user has read, and an error where there is none', async () => {
    const where = await makePrivateChannel()
    const none = alice.client.retrieveLastReadMessage({ channel: where, username: 'bob' })
    expect((await refused(none)).error).toBe('ResourceNotFoundError')
    const first = await say(alice, 'One', where)
    await say(alice, 'Two', where)
    await done(bob.client.readMessage({ message: first }))
    const last = await done(alice.client.retrieveLastReadMessage({ channel: where, username: 'bob' }))
    expect(last.message).toEqual(
      aMessage({ type: 'TEXT', channelId: where.id, id: first.id, body: 'One', user: aUser('alice') }),
    )
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
