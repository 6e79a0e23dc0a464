// Events that the observers of the official real-time client receive. Changes by backends through REST cause the same
// events as changes by users.
import type { DirectChannel, Notification } from '@chatkitty/core'
import { ChatKitty as PlatformSdk } from 'chatkitty-platform-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  collect,
  connect,
  connectNew,
  type Device,
  disconnect,
  done,
  see,
  startChat,
  startChatWith,
  uniqueName,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aChannel, aUser, ofAMessage } from '../realtime-resources.ts'
import { configurationFor, type Untyped, untyped } from '../support.ts'

let server: TestServer
let sdk: Untyped<PlatformSdk>
let alice: Device
let bob: Device
let carol: Device
beforeAll(async () => {
  server = await shareServer()
  sdk = untyped(new PlatformSdk(configurationFor(server, server.main)))
  ;[alice, bob, carol] = await connectNew(server, 'alice', 'bob', 'carol')
})
afterAll(async () => {
  await disconnect(alice, bob, carol)
  await server.close()
})

describe('an observer', () => {
  it('receives notifications of messages, unless the user is in the channel', async () => {
    const notified = collect(bob.client.onNotificationReceived)
    const { channel, delivered } = await startChatWith(alice, bob)
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Hi <@bob>' }))
    const data = {
      recipient: aUser('bob'),
      channelId: channel.id,
      message: expect.objectContaining({ id: message.id }),
    }
    const seen = aChannel({
      type: 'PUBLIC',
      id: channel.id,
      creator: aUser('alice'),
      lastReceivedMessage: expect.objectContaining({ id: message.id }),
    })
    const [sent] = await notified.next((each) => each.data.type === 'USER:SENT:MESSAGE')
    expect(sent).toMatchObject({
      id: expect.any(Number),
      title: 'alice sent a message',
      body: 'Hi <@bob>',
      channel: { id: seen.id },
      data,
    })
    const [mentioned] = await notified.next((each) => each.data.type === 'USER:MENTIONED:USER')
    expect(mentioned).toMatchObject({ title: 'alice mentioned you', data })
    const { body } = await server.main.get(`/users/${bob.user.id}/notifications`).expect(200)
    expect(body._embedded.notifications.map(({ id }: Notification) => id)).toEqual(
      expect.arrayContaining([sent.id, mentioned.id]),
    )
    const there = await startChat(bob, channel)
    notified.items.length = 0
    await done(alice.client.sendMessage({ channel, body: 'You are here' }))
    await there.onMessageReceived.next()
    // Presence is checked when members are notified, which happens after the delivery of the message.
    await expect.poll(() => server.ctx.db.prisma.notificationTask.count()).toBe(0)
    there.session.end()
    delivered.session.end()
    const replied = collect(alice.client.onNotificationReceived)
    const { message: reply } = await done(bob.client.sendMessage({ message, body: 'Yes' }))
    const [answer] = await replied.next((each) => each.data.type === 'USER:REPLIED_TO:MESSAGE')
    expect(answer.data).toMatchObject({ message: { id: reply.id }, parent: { id: message.id } })
    expect(notified.items.map(([each]) => each.body)).not.toContain('You are here')
  })

  it('receives channels that the user is added to, that change, and that it is removed from', async () => {
    const joined = collect(bob.client.onChannelJoined)
    const updated = collect(bob.client.onChannelUpdated)
    const left = collect(bob.client.onChannelLeft)
    const deleted = collect(bob.client.onChannelDeleted)
    const { data: made } = await sdk.Channels.createChannel({
      type: 'PRIVATE',
      name: uniqueName('backend'),
      members: [{ username: 'bob' }],
    })
    const isIt = ({ id }: { id: number }) => id === made.id
    expect((await joined.next(isIt))[0]).toEqual(aChannel({ type: 'PRIVATE', id: made.id }))
    await server.main.patch(`/channels/${made.id}`, { properties: { a_b: 1 } }).expect(200)
    const [changed] = await updated.next((each) => isIt(each) && each.properties.a_b === 1)
    expect(changed).toEqual(aChannel({ type: 'PRIVATE', id: made.id, properties: { a_b: 1 } }))
    await server.main.delete(`/channels/${made.id}/members/${bob.user.id}`).expect((res) => {
      expect(res.status).toBeLessThan(300)
    })
    await left.next(isIt)
    await server.main.post(`/channels/${made.id}/members`, { username: 'bob' }).expect(200)
    await server.main.delete(`/channels/${made.id}`).expect((res) => {
      expect(res.status).toBeLessThan(300)
    })
    await deleted.next(isIt)
  })

  it('receives the last message of its channels, unless the user cleared the history', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    const updated = collect(bob.client.onChannelUpdated)
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Last' }))
    const [seen] = await updated.next(({ id }) => id === channel.id)
    expect(seen.lastReceivedMessage).toMatchObject({ id: message.id, body: 'Last' })
    await done(bob.client.clearChannelHistory({ channel }))
    await server.main.patch(`/channels/${channel.id}`, { displayName: 'After' }).expect(200)
    const [after] = await updated.next(({ displayName }) => displayName === 'After')
    expect(after.lastReceivedMessage).toBeUndefined()
    const [forAlice] = await delivered.onChannelUpdated.next(({ displayName }) => displayName === 'After')
    expect(forAlice.id).toBe(channel.id)
    delivered.session.end()
  })

  it('receives direct channels that are hidden, and that a message or a reply shows again', async () => {
    const { channel } = await done(
      bob.client.createChannel({ type: 'DIRECT', members: [{ username: 'carol' }] }),
    )
    const hidden = collect(bob.client.onChannelHidden)
    const unhidden = collect(bob.client.onChannelUnhidden)
    const isIt = ({ id }: { id: number }) => id === channel.id
    const hide = async () => {
      for (const inbox of [hidden, unhidden]) inbox.items.length = 0
      await done(bob.client.hideChannel({ channel: channel as DirectChannel }))
      await hidden.next(isIt)
    }
    await hide()
    const seen = await see(carol, channel)
    const { message } = await done(carol.client.sendMessage({ channel: seen, body: 'Come back' }))
    await unhidden.next(isIt)
    await hide()
    await done(carol.client.sendMessage({ message, body: 'Please' }))
    await unhidden.next(isIt)
  })

  it('receives what is read, as reader on all devices and as author', async () => {
    const phone = await connect(server, server.main, 'bob')
    const { channel } = await startChatWith(alice, bob)
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Read me' }))
    const receipt = ofAMessage({ user: aUser('bob') })
    const created = [alice, bob, phone].map(({ client }) => collect(client.onReadReceiptCreated))
    const deleted = [alice, bob, phone].map(({ client }) => collect(client.onReadReceiptDeleted))
    await done(bob.client.readMessage({ message }))
    for (const each of created) expect((await each.next())[0]).toEqual(receipt)
    await done(bob.client.unreadMessage({ message }))
    for (const each of deleted) expect((await each.next())[0]).toEqual(receipt)
    await disconnect(phone)
  })

  it('receives on another device what the user does on this one, once and without an answer', async () => {
    const phone = await connect(server, server.main, 'bob')
    const joined = collect(phone.client.onChannelJoined)
    const changed = collect(phone.client.onCurrentUserChanged)
    const { channel } = await done(bob.client.createChannel({ type: 'PUBLIC', name: uniqueName('mine') }))
    await joined.next(({ id }) => id === channel.id)
    await done(bob.client.updateCurrentUser((user) => ({ ...user, displayName: 'Bob' })))
    await changed.next((user) => user?.displayName === 'Bob')
    await done(bob.client.updateCurrentUser((user) => ({ ...user, displayName: 'bob' })))
    await changed.next((user) => user?.displayName === 'bob')
    expect(joined.items.filter(([{ id }]) => id === channel.id)).toHaveLength(1)
    expect(phone.wire).toBe(bob.wire) // both devices of bob are read along together
    const actions = bob.wire.frames.filter(({ command }) => command === 'SEND')
    for (const { headers } of actions) {
      const answers = bob.wire.frames.filter(
        ({ command, headers: answer }) => command === 'MESSAGE' && answer['receipt-id'] === headers.receipt,
      )
      expect(answers.length, headers.destination).toBeLessThanOrEqual(1)
    }
    await disconnect(phone)
  })

  it('receives changes of the settings of the chat UI', async () => {
    const heard = {
      elements: collect(alice.client.onApplicationElementsChanged),
      features: collect(alice.client.onApplicationFeaturesChanged),
      styles: collect(alice.client.onApplicationStylesChanged),
    }
    const settings = {
      elements: { header: { template: '<b></b>', classMaps: { root: { 'is-open': 'open' } } } },
      features: { $version: '0.0.2', message: { 'read-receipts': 'disabled' } },
      styles: { $version: '0.0.2', 'base-theme': 'dark' },
    }
    for (const [part, value] of Object.entries(settings)) {
      await server.main.put(`/application/ui/${part}`, { settings: value }).expect(200)
    }
    expect((await heard.elements.next())[0]).toEqual(settings.elements)
    expect((await heard.features.next())[0]).toMatchObject(settings.features)
    expect((await heard.styles.next())[0]).toEqual(settings.styles)
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
