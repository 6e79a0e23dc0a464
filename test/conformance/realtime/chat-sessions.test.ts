// Events that the callbacks of chat sessions receive from the official real-time client. Changes by backends through
// REST cause the same events as changes by users.
import type { LeaveChannelRequest, User } from '@chatkitty/core'
import { ChatKitty as PlatformSdk } from 'chatkitty-platform-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  collect,
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
import {
  aBlockRecord,
  aChannel,
  aMessage,
  anEvent,
  aUser,
  keystrokes,
  ofAMessage,
} from '../realtime-resources.ts'
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

describe('a chat session', () => {
  it('receives messages that are sent, changed and deleted, by anyone', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    const { message } = await done(bob.client.sendMessage({ channel, body: 'One' }))
    const fields = { type: 'TEXT', channelId: channel.id, user: aUser('bob') }
    const [received, parent] = await delivered.onMessageReceived.next()
    expect(received).toEqual(aMessage({ ...fields, id: message.id, body: 'One' }))
    expect(parent).toBeUndefined()
    await done(alice.client.sendMessage({ channel, body: 'Mine' }))
    await delivered.onMessageReceived.next(({ body }) => body === 'Mine')

    const { message: reply } = await done(bob.client.sendMessage({ message, body: 'Reply' }))
    const [, ofReply] = await delivered.onMessageReceived.next(({ id }) => id === reply.id)
    expect(ofReply).toMatchObject({ id: message.id, body: 'One' })
    await delivered.onMessageUpdated.next(({ id, repliesCount }) => id === message.id && repliesCount === 1)

    await done(bob.client.editMessage({ message, body: 'Two' }))
    const [updated] = await delivered.onMessageUpdated.next(({ body }) => body === 'Two')
    expect(updated).toMatchObject({ id: message.id, lastEditedTime: expect.any(String) })
    await done(bob.client.deleteMessage({ message: reply }))
    expect((await delivered.onMessageDeleted.next())[0]).toMatchObject({ id: reply.id, body: 'Reply' })

    const { data: sent } = await sdk.Channels.sendChannelMessage(channel.id, {
      type: 'TEXT',
      body: 'From the backend',
    })
    const [system] = await delivered.onMessageReceived.next(({ id }) => id === sent.id)
    expect(system).toEqual(
      aMessage({ type: 'SYSTEM_TEXT', channelId: channel.id, id: sent.id, body: 'From the backend' }),
    )
    await server.main.patch(`/messages/${sent.id}`, { body: 'Changed' }).expect(200)
    await delivered.onMessageUpdated.next(({ id, body }) => id === sent.id && body === 'Changed')
    await server.main.delete(`/messages/${sent.id}`).expect((res) => expect(res.status).toBeLessThan(300))
    await delivered.onMessageDeleted.next(({ id }) => id === sent.id)
    delivered.session.end()
  })

  it('receives read receipts and reactions, each with its message', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Read me' }))
    await done(bob.client.readMessage({ message }))
    const receipt = ofAMessage({ user: aUser('bob') })
    const [read, readReceipt] = await delivered.onMessageRead.next()
    expect([read.id, readReceipt]).toEqual([message.id, receipt])
    await done(bob.client.unreadMessage({ message }))
    const [unread, removed] = await delivered.onMessageUnread.next()
    expect([unread.id, removed]).toEqual([message.id, receipt])

    await done(bob.client.reactToMessage({ message, emoji: '👍' }))
    const emoji = expect.objectContaining({ character: '👍' })
    const [liked, reaction] = await delivered.onMessageReactionAdded.next()
    expect(liked.reactions).toMatchObject([{ emoji: { character: '👍' }, count: 1 }])
    expect(reaction).toEqual(ofAMessage({ user: aUser('bob'), emoji }))
    await done(bob.client.removeReaction({ message, emoji: '👍' }))
    const [plain, gone] = await delivered.onMessageReactionRemoved.next()
    expect(plain.reactions ?? []).toEqual([])
    expect(gone).toEqual(ofAMessage({ user: aUser('bob'), emoji }))
    delivered.session.end()
  })

  it('receives who is typing, and the draft', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    const started = collect(alice.client.onParticipantStartedTyping)
    const stopped = collect(alice.client.onParticipantStoppedTyping)
    bob.client.sendKeystrokes({ channel, keys: 'Hel' })
    const typed = keystrokes({ username: 'bob', keys: 'Hel' })
    expect((await delivered.onKeystrokesReceived.next())[0]).toEqual(typed)
    expect((await delivered.onTypingStarted.next())[0]).toEqual(aUser('bob'))
    expect((await started.next())[0]).toEqual(aUser('bob'))
    await done(bob.client.sendMessage({ channel, body: 'Hello' }))
    expect((await delivered.onTypingStopped.next())[0]).toEqual(aUser('bob'))
    expect((await stopped.next())[0]).toEqual(aUser('bob'))

    await server.main
      .post(`/channels/${channel.id}/keystrokes`, { keys: 'Robot', user: { username: 'bob' } })
      .expect((res) => expect(res.status).toBeLessThan(300))
    await delivered.onKeystrokesReceived.next(({ keys }) => keys === 'Robot')
    expect((await delivered.onTypingStarted.next())[0]).toEqual(aUser('bob'))
    delivered.session.end()
  })

  it('receives who enters, changes presence and leaves', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    const there = await startChat(bob, channel)
    expect((await delivered.onParticipantEnteredChat.next(({ name }) => name === 'bob'))[0]).toEqual(
      aUser('bob'),
    )
    expect(there.onParticipantEnteredChat.items).toEqual([])
    const { body } = await server.main.get(`/channels/${channel.id}/participants`).expect(200)
    expect((body._embedded.users as User[]).map(({ name }) => name).sort()).toEqual(['alice', 'bob'])
    await done(
      bob.client.updateCurrentUser((user) => ({ ...user, presence: { ...user.presence, status: 'AWAY' } })),
    )
    const [changed] = await delivered.onParticipantPresenceChanged.next(
      ({ presence }) => presence.status === 'AWAY',
    )
    expect(changed).toEqual(aUser('bob', { presence: { status: 'AWAY', online: true } }))
    there.session.end()
    expect((await delivered.onParticipantLeftChat.next())[0]).toEqual(aUser('bob'))
    delivered.session.end()
  })

  it('receives changes of members, moderators and blocks', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    await done(carol.client.joinChannel({ channel: await see(carol, channel) }))
    expect((await delivered.onMemberJoined.next())[0]).toEqual(aUser('carol'))
    await server.main.delete(`/channels/${channel.id}/members/${carol.user.id}`).expect((res) => {
      expect(res.status).toBeLessThan(300)
    })
    expect((await delivered.onMemberLeft.next())[0]).toEqual(aUser('carol'))

    const reference = { username: 'bob' }
    await done(alice.client.addChannelModerator({ channel, user: reference }))
    expect((await delivered.onModeratorAdded.next())[0]).toEqual(aUser('bob'))
    await done(alice.client.deleteChannelModerator({ channel, user: reference }))
    expect((await delivered.onModeratorDeleted.next())[0]).toEqual(aUser('bob'))
    const { record } = await done(alice.client.blockChannelUser({ channel, user: reference }))
    expect((await delivered.onMemberBlocked.next())[0]).toEqual(aBlockRecord({ user: aUser('bob') }))
    await delivered.onMemberLeft.next(({ name }) => name === 'bob')
    await done(alice.client.unblockChannelUser({ record }))
    expect((await delivered.onMemberUnblocked.next())[0]).toEqual(record)
    delivered.session.end()
  })

  it('receives events triggered by users and by backends', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    await done(bob.client.triggerEvent({ channel, type: 'wave', properties: { a_b: 1 } }))
    const [waved] = await delivered.onEventTriggered.next()
    expect(waved).toEqual(anEvent({ type: 'wave', properties: { a_b: 1 }, user: aUser('bob') }))
    await server.main
      .post(`/channels/${channel.id}/events`, { type: 'bell', properties: {} })
      .expect((res) => {
        expect(res.status).toBeLessThan(300)
      })
    const [rang] = await delivered.onEventTriggered.next(({ type }) => type === 'bell')
    expect(rang).toEqual(anEvent({ type: 'bell', properties: {} }))
    delivered.session.end()
  })

  it('receives changes of the channel itself', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    await server.main.patch(`/channels/${channel.id}`, { displayName: 'Renamed' }).expect(200)
    const [updated] = await delivered.onChannelUpdated.next(({ displayName }) => displayName === 'Renamed')
    expect(updated).toEqual(
      aChannel({ type: 'PUBLIC', id: channel.id, displayName: 'Renamed', creator: aUser('alice') }),
    )
    await server.main.delete(`/channels/${channel.id}`).expect((res) => {
      expect(res.status).toBeLessThan(300)
    })
    expect((await delivered.onChannelDeleted.next())[0]).toMatchObject({ id: channel.id })
  })

  it('receives nothing after its end, and nothing of a channel that the user may not enter', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    delivered.session.end()
    const again = await startChat(bob, channel)
    await done(bob.client.sendMessage({ channel, body: 'Are you there?' }))
    await again.onMessageReceived.next()
    expect(delivered.onMessageReceived.items).toEqual([])
    again.session.end()

    const secret = await done(alice.client.createChannel({ type: 'PRIVATE', name: uniqueName('secret') }))
    const { wire } = carol
    carol.client.startChatSession({ channel: secret.channel })
    const refusal = () => wire.frames.findLast(({ headers }) => headers['subscription-id'] !== undefined)
    await expect.poll(() => JSON.parse(refusal()?.body ?? '{}').error).toMatch(/AccessDenied|NotFound/)
    expect(wire.isAnswered).toBe(true)
  })
})

describe('a user who is removed from a channel', () => {
  it('receives no more of the channel, though its chat session was never ended', async () => {
    const { channel, delivered } = await startChatWith(alice, bob)
    const ways = [
      () => server.main.delete(`/channels/${channel.id}/members/${bob.user.id}`),
      async () => done(bob.client.leaveChannel({ channel: await see(bob, channel) } as LeaveChannelRequest)),
      () => done(alice.client.blockChannelUser({ channel, user: { username: 'bob' } })),
    ]
    for (const [at, endMembership] of ways.entries()) {
      const there = await startChat(bob, await see(bob, channel))
      const left = collect(bob.client.onChannelLeft)
      await endMembership()
      await left.next(({ id }) => id === channel.id)
      const body = `Secret ${at}`
      await done(alice.client.sendMessage({ channel, body }))
      alice.client.sendKeystrokes({ channel, keys: body })
      await delivered.onKeystrokesReceived.next(({ keys }) => keys === body)
      await delivered.onMessageReceived.next((message) => message.body === body)
      // Later events arrive later.
      await done(bob.client.retrieveCurrentUser())
      expect(there.onMessageReceived.items).toEqual([])
      expect(there.onKeystrokesReceived.items).toEqual([])
      there.session.end()
      if (at < 2) await server.main.post(`/channels/${channel.id}/members`, { username: 'bob' }).expect(200)
    }
    delivered.session.end()
  })
})

describe('a backend', () => {
  it('reads what users did', async () => {
    const { Channels, Users, Messages } = sdk
    const { channel, delivered } = await startChatWith(alice, bob)
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Hi', properties: { a_b: 1 } }))
    await done(bob.client.sendMessage({ message, body: 'Reply' }))
    await done(bob.client.reactToMessage({ message, emoji: '👍' }))
    await done(carol.client.joinChannel({ channel: await see(carol, channel) }))
    await done(bob.client.leaveChannel({ channel: await see(bob, channel) } as LeaveChannelRequest))
    const { data: list } = await Channels.listChannelMessages(channel.id)
    expect(list._embedded.messages).toMatchObject([
      { type: 'TEXT', body: 'Reply', nestedLevel: 1, user: { name: 'bob' } },
      {
        type: 'TEXT',
        body: 'Hi',
        properties: { a_b: 1 },
        repliesCount: 1,
        reactions: [{ emoji: { character: '👍' }, count: 1 }],
        user: { name: 'alice' },
      },
    ])
    const { data: members } = await Channels.listChannelMembers(channel.id)
    expect(members._embedded.users.map(({ name }) => name).sort()).toEqual(['alice', 'carol'])
    const { data: count } = await Users.listUserChannels(bob.user.id)
    const channels = count._embedded?.channels ?? []
    expect(channels.map(({ id }) => id)).not.toContain(channel.id)
    await done(alice.client.deleteMessage({ message }))
    await expect(Messages.retrieveMessage(message.id)).rejects.toMatchObject({ response: { status: 404 } })
    await done(alice.client.deleteChannel({ channel }))
    await delivered.onChannelDeleted.next()
    await expect(Channels.retrieveChannel(channel.id)).rejects.toMatchObject({ response: { status: 404 } })
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
