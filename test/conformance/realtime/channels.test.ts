// Channels through the official real-time client: creating, finding, joining, leaving, moderating.
import type {
  Channel,
  CreateChannelRequest,
  DirectChannel,
  LeaveChannelRequest,
  ListChannelsFilter,
} from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  collect,
  connect,
  connectNew,
  type Device,
  disconnect,
  done,
  refused,
  see,
  uniqueName,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aBlockRecord, aChannel, aMessage, aUser } from '../realtime-resources.ts'

let server: TestServer
let alice: Device
let bob: Device
let carol: Device
beforeAll(async () => {
  server = await shareServer()
  ;[alice, bob, carol] = await connectNew(server, 'alice', 'bob', 'carol')
})
afterAll(async () => {
  await disconnect(alice, bob, carol)
  await server.close()
})

/** A channel that alice created. */
async function makeChannel(fields: Partial<CreateChannelRequest> = {}): Promise<Channel> {
  const { channel } = await done(
    alice.client.createChannel({ type: 'PUBLIC', name: uniqueName('channel'), ...fields }),
  )
  return channel
}

const namesOf = (items: { name: string }[]) => items.map(({ name }) => name)

describe('channels', () => {
  it('are created by users, who moderate them, with members and properties', async () => {
    const joined = collect(bob.client.onChannelJoined)
    const made = await makeChannel({
      type: 'PRIVATE',
      displayName: 'The two of us',
      members: [{ username: 'bob' }],
      properties: { a_b: [1] },
    })
    const creator = aUser('alice')
    const fields = { displayName: 'The two of us', properties: { a_b: [1] }, creator }
    expect(made).toEqual(aChannel({ type: 'PRIVATE', name: made.name, ...fields }))
    const [channel] = await joined.next(({ id }) => id === made.id)
    expect(channel).toEqual(aChannel({ type: 'PRIVATE', name: made.name, ...fields }))
    const { body } = await server.main.get(`/channels/${made.id}/moderators`).expect(200)
    expect(namesOf(body._embedded.users)).toEqual(['alice'])
  })

  it('are unique: a direct channel of the same members, or a channel of the same name, is returned again', async () => {
    const request = { type: 'DIRECT' as const, members: [{ id: bob.user.id }] }
    const { channel: direct } = await done(alice.client.createChannel(request))
    const members = expect.arrayContaining([aUser('alice'), aUser('bob')])
    expect(direct).toEqual(aChannel({ type: 'DIRECT', members, creator: aUser('alice') }))
    const again = bob.client.createChannel({ type: 'DIRECT', members: [{ username: 'alice' }] })
    expect((await done(again)).channel.id).toBe(direct.id)

    const made = await makeChannel()
    const { channel } = await done(alice.client.createChannel({ type: 'PUBLIC', name: made.name }))
    expect(channel.id).toBe(made.id)
    const { channel: others } = await done(bob.client.createChannel({ type: 'PUBLIC', name: made.name }))
    expect(others).toEqual(aChannel({ type: 'PUBLIC', id: made.id, creator: aUser('alice') }))
    const secret = await makeChannel({ type: 'PRIVATE' })
    const taken = bob.client.createChannel({ type: 'PRIVATE', name: secret.name })
    expect(await refused(taken)).toMatchObject({ error: 'ConflictError' })
  })

  it('are listed: all visible ones, those of the user, joinable ones, unread ones', async () => {
    const application = await server.createApplication()
    const jane = await connect(server, application, 'jane')
    const make = (fields: Record<string, unknown>) => createChannel(application, fields)
    const open = await make({ name: 'open' })
    const own = await make({ name: 'own', members: [{ username: 'jane' }] })
    const unread = await make({ name: 'unread', members: [{ username: 'jane' }] })
    await make({ name: 'secret', type: 'PRIVATE' })
    await sendMessage(application, unread.id)
    const list = async (filter?: ListChannelsFilter) => {
      const { paginator } = await done(jane.client.listChannels(filter && { filter }))
      return paginator.items
    }
    expect(new Set(namesOf(await list()))).toEqual(new Set(['open', 'own', 'unread']))
    expect(namesOf(await list({ joined: true }))).toEqual(['unread', 'own'])
    expect(namesOf(await list({ joined: true, name: 'own' }))).toEqual(['own'])
    const joinable = await list({ joined: false })
    expect(joinable).toEqual([aChannel({ type: 'PUBLIC', name: 'open', id: open.id }, 'outsider')])
    const [waiting, ...others] = await list({ unread: true })
    expect(others).toEqual([])
    const lastReceivedMessage = aMessage({ type: 'SYSTEM_TEXT', body: 'Hello, World!', channelId: unread.id })
    expect(waiting).toEqual(aChannel({ type: 'PUBLIC', name: 'unread', lastReceivedMessage }))
    expect((await done(jane.client.countUnreadChannels())).count).toBe(1)
    const ofType = (type: string) => done(jane.client.countUnreadChannels({ filter: { type } }))
    expect((await ofType('PUBLIC')).count).toBe(1)
    expect((await ofType('PRIVATE')).count).toBe(0)
    expect((await done(jane.client.checkChannelUnread({ channel: await see(jane, unread) }))).unread).toBe(
      true,
    )
    expect((await done(jane.client.checkChannelUnread({ channel: await see(jane, own) }))).unread).toBe(false)
    await disconnect(jane)
  })

  it('are listed in pages that join into the whole list, forwards and backwards', async () => {
    const application = await server.createApplication()
    const jane = await connect(server, application, 'jane')
    const names = Array.from({ length: 55 }, (_, at) => `c${at}`)
    for (const name of names) await createChannel(application, { name, members: [{ username: 'jane' }] })
    await createChannel(application, { name: 'not-joined' })
    const { paginator: first } = await done(jane.client.listChannels({ filter: { joined: true } }))
    expect(first.page).toMatchObject({ size: 25, number: 0, totalElement: 55, totalPages: 3 })
    expect([first.hasPrevPage, first.hasNextPage]).toEqual([false, true])
    const second = await first.nextPage()
    const third = await second.nextPage()
    expect([third.hasPrevPage, third.hasNextPage]).toEqual([true, false])
    const all = [...first.items, ...second.items, ...third.items]
    expect(namesOf(all)).toEqual(names.toReversed())
    expect(namesOf((await third.prevPage()).items)).toEqual(namesOf(second.items))
    await expect(third.nextPage()).rejects.toMatchObject({ error: 'PageOutOfBoundsError' })
    await disconnect(jane)
  })

  it('are retrieved by users who may see them', async () => {
    const open = await makeChannel()
    const secret = await makeChannel({ type: 'PRIVATE' })
    const creator = aUser('alice')
    expect(await see(alice, secret)).toEqual(aChannel({ type: 'PRIVATE', id: secret.id, creator }))
    expect(await see(bob, open)).toEqual(aChannel({ type: 'PUBLIC', id: open.id, creator }, 'outsider'))
    const { error } = await refused(bob.client.retrieveChannel(secret.id))
    expect(error).toBe('ResourceNotFoundError')
    expect((await refused(bob.client.retrieveChannel(999_999_999))).error).toBe('ResourceNotFoundError')
    const elsewhere = await createChannel(await server.createApplication())
    expect((await refused(bob.client.retrieveChannel(elsewhere.id))).error).toBe('ResourceNotFoundError')
  })

  it('show in their context which member has read which message', async () => {
    const channel = await makeChannel({ members: [{ username: 'bob' }] })
    const { message } = await done(alice.client.sendMessage({ channel, body: 'Read this' }))
    await done(bob.client.readMessage({ message }))
    const { context } = await done(alice.client.retrieveChannelContext({ channel }))
    expect(context).toMatchObject({ readBy: { [message.id]: [bob.user.id] } })
    const ranged = alice.client.retrieveChannelContext({
      channel,
      startCursor: message.id,
      endCursor: message.id,
    })
    expect((await done(ranged)).context.readBy).toEqual({ [message.id]: [bob.user.id] })
  })

  it('are updated by those who moderate them', async () => {
    const channel = await makeChannel({ members: [{ username: 'bob' }] })
    const delivered = collect(bob.client.onChannelUpdated)
    const { channel: updated } = await done(
      alice.client.updateChannel({
        channel: { ...channel, displayName: 'New', properties: { a: 1 } } as Channel,
      }),
    )
    const fields = { displayName: 'New', properties: { a: 1 }, creator: aUser('alice') }
    expect(updated).toEqual(aChannel({ type: 'PUBLIC', id: channel.id, ...fields }))
    const [seen] = await delivered.next(({ id, properties }) => id === channel.id && properties.a === 1)
    expect(seen).toEqual(updated)
    const refusedFor = bob.client.updateChannel({ channel: await see(bob, channel) })
    expect((await refused(refusedFor)).error).toBe('AccessDeniedError')
  })

  it('are deleted by those who moderate them', async () => {
    const channel = await makeChannel({ members: [{ username: 'bob' }] })
    const seen = await see(bob, channel)
    expect((await refused(bob.client.deleteChannel({ channel: seen }))).error).toBe('AccessDeniedError')
    const delivered = collect(bob.client.onChannelDeleted)
    await done(alice.client.deleteChannel({ channel }))
    await delivered.next(({ id }) => id === channel.id)
    await server.main.get(`/channels/${channel.id}`).expect(404)
    expect((await refused(bob.client.readChannel({ channel: seen }))).error).toBe('ResourceNotFoundError')
  })

  it('are muted, cleared and hidden for the user alone', async () => {
    const { channel } = await done(
      carol.client.createChannel({ type: 'DIRECT', members: [{ username: 'bob' }] }),
    )
    const { message } = await done(carol.client.sendMessage({ channel, body: 'Hi' }))
    const seen = await see(bob, channel)
    expect(seen.lastReceivedMessage?.id).toBe(message.id)
    const members = expect.arrayContaining([aUser('carol'), aUser('bob')])
    const itself = aChannel({
      type: 'DIRECT',
      id: channel.id,
      members,
      creator: aUser('carol'),
      lastReceivedMessage: expect.any(Object),
    })

    const notified = collect(bob.client.onNotificationReceived)
    expect((await done(bob.client.muteChannel({ channel: seen }))).channel).toEqual(itself)
    await done(carol.client.sendMessage({ channel, body: 'Muted' }))
    expect((await notified.next(({ body }) => body === 'Muted'))[0].muted).toBe(true)
    expect((await done(bob.client.unmuteChannel({ channel: seen }))).channel).toEqual(itself)
    await done(carol.client.sendMessage({ channel, body: 'Loud' }))
    expect((await notified.next(({ body }) => body === 'Loud'))[0].muted).toBe(false)

    const { channel: cleared } = await done(bob.client.clearChannelHistory({ channel: seen }))
    expect(cleared.lastReceivedMessage).toBeUndefined()
    const { paginator } = await done(bob.client.listMessages({ channel: seen }))
    expect(paginator.items).toEqual([])
    expect((await done(bob.client.countUnreadMessages({ channel: seen }))).count).toBe(0)
    expect((await see(carol, channel)).lastReceivedMessage).toBeDefined()

    const { channel: hidden } = await done(bob.client.hideChannel({ channel: seen as DirectChannel }))
    expect(hidden.id).toBe(channel.id)
    const { paginator: listed } = await done(bob.client.listChannels({ filter: { joined: true } }))
    expect(listed.items.map(({ id }) => id)).not.toContain(channel.id)
    const group = await makeChannel({ members: [{ username: 'bob' }] })
    const refusal = await refused(bob.client.hideChannel({ channel: (await see(bob, group)) as never }))
    expect(['ClientError', 'ValidationError', 'AccessDeniedError']).toContain(refusal.error)
  })

  it('cannot be created by users where the application does not allow it', async () => {
    const application = await server.createApplication()
    const settings = { guestUsers: 'ENABLED', userCreatedChannels: 'DISABLED' }
    await application.put('/application/settings', settings).expect(200)
    const jane = await connect(server, application, 'jane')
    const { error } = await refused(jane.client.createChannel({ type: 'PUBLIC', name: 'mine' }))
    expect(error).toBe('FeatureDisabledError')
    await disconnect(jane)
  })

  it('are refused with the name of the wrong field', async () => {
    const none = alice.client.createChannel({ type: 'GROUP' } as never)
    expect(await refused(none)).toMatchObject({
      error: 'ValidationError',
      message: expect.stringMatching(/type/),
    })
    const unknown = alice.client.createChannel({ type: 'PUBLIC', members: [{ id: 999_999_999 }] })
    expect((await refused(unknown)).error).toBe('ResourceNotFoundError')
  })
})

describe('a direct channel', () => {
  it('is for two to ten users, none of whom can join, leave or be invited', async () => {
    const others = Array.from({ length: 10 }, (_, at) => ({ username: uniqueName(`other-${at}`) }))
    for (const { username: name } of others) await createUser(server.main, { name })
    const request = (members: { username: string }[]) =>
      alice.client.createChannel({ type: 'DIRECT', members })
    const tooMany = await refused(request(others))
    expect(['ClientError', 'ValidationError']).toContain(tooMany.error)
    const { channel } = await done(request(others.slice(1)))
    expect((channel as DirectChannel).members).toHaveLength(10)
    const { leave, join, invite, addModerator } = channel._actions
    expect([leave, join, invite, addModerator]).toEqual([undefined, undefined, undefined, undefined])
    for (const action of ['join', 'leave', 'invite', 'add_moderator']) {
      const forced = `/application/channels/${channel.id}.${action}`
      const link = action === 'add_moderator' ? 'addModerator' : action
      const known = { ...channel, _actions: { ...channel._actions, [link]: forced } }
      const results = {
        join: () => alice.client.joinChannel({ channel: known }),
        leave: () => alice.client.leaveChannel({ channel: known } as LeaveChannelRequest),
        invite: () => alice.client.inviteUser({ channel: known, user: bob.user }),
        add_moderator: () => alice.client.addChannelModerator({ channel: known, user: bob.user }),
      }
      expect((await refused(results[action as 'join']())).error, action).toMatch(/Error$/)
    }
  })
})

describe('members', () => {
  it('join a public channel and leave it', async () => {
    const channel = await makeChannel()
    const outside = await see(bob, channel)
    const delivered = collect(bob.client.onChannelJoined)
    const { channel: joined } = await done(bob.client.joinChannel({ channel: outside }))
    expect(joined).toEqual(aChannel({ type: 'PUBLIC', id: channel.id, creator: aUser('alice') }))
    await delivered.next(({ id }) => id === channel.id)
    const left = collect(bob.client.onChannelLeft)
    const { channel: gone } = await done(bob.client.leaveChannel({ channel: joined } as LeaveChannelRequest))
    expect(gone.id).toBe(channel.id)
    const [seen] = await left.next(({ id }) => id === channel.id)
    expect(seen).toEqual(aChannel({ type: 'PUBLIC', id: channel.id, creator: expect.anything() }, 'outsider'))
    expect(() => bob.client.leaveChannel({ channel: seen as Channel } as LeaveChannelRequest)).toThrow(
      expect.objectContaining({ error: 'NotAChannelMemberError' }),
    )
    const hidden = await makeChannel({ type: 'PRIVATE' })
    expect(() => bob.client.joinChannel({ channel: hidden })).toThrow(
      expect.objectContaining({ error: 'ChannelNotPubliclyJoinableError' }),
    )
    const forced = {
      ...hidden,
      _actions: { ...hidden._actions, join: `/application/channels/${hidden.id}.join` },
    }
    expect((await refused(bob.client.joinChannel({ channel: forced }))).error).toBe('ResourceNotFoundError')
  })

  it('are removed by moderators only', async () => {
    const channel = await makeChannel({ members: [{ username: 'bob' }, { username: 'carol' }] })
    const seen = await see(bob, channel)
    const denied = bob.client.leaveChannel({ channel: seen, user: { username: 'carol' } })
    expect((await refused(denied)).error).toBe('AccessDeniedError')
    const left = collect(carol.client.onChannelLeft)
    await done(alice.client.leaveChannel({ channel, user: { id: carol.user.id } }))
    await left.next(({ id }) => id === channel.id)
    const { paginator } = await done(alice.client.listChannelMembers({ channel }))
    expect(namesOf(paginator.items)).toEqual(['alice', 'bob'])
  })

  it('are listed by name, and found by a part of it', async () => {
    const channel = await makeChannel({ members: [{ username: 'carol' }, { username: 'bob' }] })
    const { paginator } = await done(alice.client.listChannelMembers({ channel }))
    expect(paginator.items).toEqual([aUser('alice'), aUser('bob'), aUser('carol')])
    const found = await done(alice.client.listChannelMembers({ channel, filter: { displayName: 'caro' } }))
    expect(namesOf(found.paginator.items)).toEqual(['carol'])
  })

  it('are invited by members, and are members at once', async () => {
    const channel = await makeChannel({ type: 'PRIVATE' })
    const joined = collect(carol.client.onChannelJoined)
    const { user } = await done(alice.client.inviteUser({ channel, user: { username: 'carol' } }))
    expect(user).toEqual(aUser('carol'))
    const [seen] = await joined.next(({ id }) => id === channel.id)
    expect(seen).toEqual(aChannel({ type: 'PRIVATE', id: channel.id, creator: aUser('alice') }))
    const { channel: direct } = await done(
      alice.client.createChannel({ type: 'DIRECT', members: [{ username: 'bob' }] }),
    )
    expect(() => alice.client.inviteUser({ channel: direct, user: carol.user })).toThrow(
      expect.objectContaining({ error: 'ChannelNotInvitableError' }),
    )
    const nobody = alice.client.inviteUser({ channel, user: { id: 999_999_999 } })
    expect((await refused(nobody)).error).toBe('ResourceNotFoundError')
  })
})

describe('moderators', () => {
  it('are added, listed and removed', async () => {
    const channel = await makeChannel({ members: [{ username: 'bob' }] })
    const seen = await see(bob, channel)
    const denied = bob.client.addChannelModerator({ channel: seen, user: { username: 'bob' } })
    expect((await refused(denied)).error).toBe('AccessDeniedError')
    const itself = aChannel({ type: 'PUBLIC', id: channel.id, creator: aUser('alice') })
    const added = await done(alice.client.addChannelModerator({ channel, user: { username: 'bob' } }))
    expect(added.channel).toEqual(itself)
    const list = async () => (await done(alice.client.listChannelModerators({ channel }))).paginator.items
    expect(await list()).toEqual([aUser('alice'), aUser('bob')])
    const deleted = await done(alice.client.deleteChannelModerator({ channel, user: bob.user }))
    expect(deleted.channel).toEqual(itself)
    expect(namesOf(await list())).toEqual(['alice'])
    const { channel: direct } = await done(
      alice.client.createChannel({ type: 'DIRECT', members: [{ username: 'bob' }] }),
    )
    expect(() => alice.client.addChannelModerator({ channel: direct, user: bob.user })).toThrow(
      expect.objectContaining({ error: 'CannotAddModeratorToChannel' }),
    )
  })

  it('block users from a channel, and unblock them', async () => {
    const channel = await makeChannel({ members: [{ username: 'bob' }] })
    const left = collect(bob.client.onChannelLeft)
    const { record } = await done(alice.client.blockChannelUser({ channel, user: { username: 'bob' } }))
    expect(record).toEqual(aBlockRecord({ user: aUser('bob') }))
    const [seen] = await left.next(({ id }) => id === channel.id)
    expect(seen._actions.join).toBeUndefined()
    const forced = {
      ...channel,
      _actions: { ...channel._actions, join: `/application/channels/${channel.id}.join` },
    }
    expect((await refused(bob.client.joinChannel({ channel: forced }))).error).toBe('ResourceNotFoundError')
    const { paginator } = await done(bob.client.listChannels({ filter: { joined: false } }))
    expect(paginator.items.map(({ id }) => id)).not.toContain(channel.id)

    const { paginator: records } = await done(alice.client.listChannelBlockRecords({ channel }))
    expect(records.items).toEqual([record])
    const { record: deleted } = await done(alice.client.unblockChannelUser({ record }))
    expect(deleted).toEqual(record)
    const again = await see(bob, channel)
    await done(bob.client.joinChannel({ channel: again }))
    const byMember = bob.client.blockChannelUser({ channel: await see(bob, channel), user: carol.user })
    expect((await refused(byMember)).error).toBe('AccessDeniedError')
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
