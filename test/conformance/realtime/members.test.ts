// Members and moderators of channels through the official real-time client.
import type { Channel, DirectChannel, LeaveChannelRequest } from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  collect,
  connectNew,
  type Device,
  disconnect,
  done,
  makeChannel,
  refused,
  see,
  startChat,
  uniqueName,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aBlockRecord, aChannel, aUser } from '../realtime-resources.ts'

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

const namesOf = (items: { name: string }[]) => items.map(({ name }) => name)

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
    const channel = await makeChannel(alice)
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
    const hidden = await makeChannel(alice, { type: 'PRIVATE' })
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
    const channel = await makeChannel(alice, { members: [{ username: 'bob' }, { username: 'carol' }] })
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
    const channel = await makeChannel(alice, { members: [{ username: 'carol' }, { username: 'bob' }] })
    const { paginator } = await done(alice.client.listChannelMembers({ channel }))
    expect(paginator.items).toEqual([aUser('alice'), aUser('bob'), aUser('carol')])
    const found = await done(alice.client.listChannelMembers({ channel, filter: { displayName: 'caro' } }))
    expect(namesOf(found.paginator.items)).toEqual(['carol'])
  })

  it('are invited by members, and are members at once', async () => {
    const channel = await makeChannel(alice, { type: 'PRIVATE' })
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
    const channel = await makeChannel(alice, { members: [{ username: 'bob' }] })
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

  it.each<[string, (channel: Channel, user: { id: number }) => Promise<unknown>]>([
    [
      'leave',
      async (channel) =>
        done(bob.client.leaveChannel({ channel: await see(bob, channel) } as LeaveChannelRequest)),
    ],
    ['are removed', (channel, user) => done(alice.client.leaveChannel({ channel, user }))],
    ['are blocked', (channel, user) => done(alice.client.blockChannelUser({ channel, user }))],
    ['are deleted', (_channel, { id }) => server.main.delete(`/users/${id}`).expect(200)],
  ])('who %s are moderators no longer, as members are told', async (how, end) => {
    const { id } = how === 'leave' ? bob.user : await createUser(server.main)
    const channel = await makeChannel(alice)
    const chat = await startChat(alice, channel)
    await done(alice.client.addChannelModerator({ channel, user: { id } }))
    await end(channel, { id })
    await chat.onMemberLeft.next((user) => user.id === id)
    await chat.onModeratorDeleted.next((user) => user.id === id)
    chat.session.end()
  })

  it('block users from a channel, and unblock them', async () => {
    const channel = await makeChannel(alice, { members: [{ username: 'bob' }] })
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
