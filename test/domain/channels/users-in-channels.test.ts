// What users may do in channels and to each other there, and what others hear of it.

import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { deleteChannelBlockRecord } from '#domain/channels/delete-channel-block-record.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { listChannelBlocks } from '#domain/channels/list-channel-blocks.ts'
import { addModerator } from '#domain/channels/members/add-moderator.ts'
import { clearHistory } from '#domain/channels/members/clear-history.ts'
import { hideChannel } from '#domain/channels/members/hide-channel.ts'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { joinChannel } from '#domain/channels/members/join-channel.ts'
import { leaveChannel } from '#domain/channels/members/leave-channel.ts'
import { listChannelMembers } from '#domain/channels/members/list-channel-members.ts'
import { listChannelModerators } from '#domain/channels/members/list-channel-moderators.ts'
import { muteChannel } from '#domain/channels/members/mute-channel.ts'
import { removeModerator } from '#domain/channels/members/remove-moderator.ts'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { updateChannel } from '#domain/channels/update-channel.ts'
import { replacing } from '#domain/merge-patch.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { EventType } from '#resources/events.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createUser, sendMessage, several } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let moderator: UserCaller
let member: UserCaller
let outsider: UserCaller
let open: SeenChannel
let closed: SeenChannel
let direct: SeenChannel

beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

beforeEach(async () => {
  const users = await several(3, () => createUser(server.main))
  const callers = users.map((user) => callerOf(server.main, user, uuid()))
  ;[moderator, member, outsider] = callers as [UserCaller, UserCaller, UserCaller]
  const members = [{ id: member.userId }]
  ;[open, closed, direct] = (await Promise.all(
    (['PUBLIC', 'PRIVATE', 'DIRECT'] as const).map(
      async (type) => (await createChannel(server.ctx, moderator, { type, members })).channel,
    ),
  )) as [SeenChannel, SeenChannel, SeenChannel]
})

const page = { number: 0, size: 25, sort: [] }
const idsOf = (items: { id: number }[]) => items.map(({ id }) => id).sort((a, b) => a - b)
const membersOf = async (id: number) =>
  idsOf((await listChannelMembers(server.ctx, moderator, id, page)).items)
const bothIds = () => idsOf([{ id: moderator.userId }, { id: member.userId }])
const causeOf = ({ userId, session, receipt }: UserCaller) => ({ by: userId, session, receipt })
const payloadsOf = async (type: EventType, { id }: SeenChannel) =>
  (await deliveredEvents(server, type))
    .filter(({ channelId }) => channelId === id)
    .map(({ payload }) => payload)

type Refusal = [who: string, kind: string, act: () => Promise<unknown>]
const refuses = (refusals: Refusal[]) =>
  Promise.all(
    refusals.map(async ([who, kind, act]) => {
      const error = await act().then(
        () => ({ kind: 'nothing' }),
        (error) => error,
      )
      expect({ who, kind: error.kind }).toEqual({ who, kind })
    }),
  )

describe('visibility', () => {
  it('members see all their channels, other users public ones, and no user those of other applications', async () => {
    const stranger = callerOf(await server.createApplication(), { id: outsider.userId })
    const foreign = await server.createApplication()
    const foreigner = callerOf(foreign, await createUser(foreign))
    expect(await getChannel(server.ctx, member, direct.id)).toMatchObject({ standing: 'member' })
    expect(await getChannel(server.ctx, member, closed.id)).toMatchObject({ standing: 'member' })
    expect(await getChannel(server.ctx, outsider, open.id)).toMatchObject({ standing: 'outsider' })
    const missing = 'ResourceNotFoundError'
    await refuses([
      ['outsider, private', missing, () => getChannel(server.ctx, outsider, closed.id)],
      ['outsider, direct', missing, () => getChannel(server.ctx, outsider, direct.id)],
      ['foreigner', missing, () => getChannel(server.ctx, foreigner, open.id)],
      ['foreigner, members', missing, () => listChannelMembers(server.ctx, foreigner, open.id, page)],
      ['another application', missing, () => getChannel(server.ctx, stranger, open.id)],
      ['joining what is private', missing, () => joinChannel(server.ctx, outsider, closed.id)],
      ['joining elsewhere', missing, () => joinChannel(server.ctx, foreigner, open.id)],
    ])
  })

  it('members are found by a part of their display name, in any order that is requested', async () => {
    const named = await createUser(server.main, { displayName: '100% Zoë' })
    await inviteUser(server.ctx, member, open.id, { user: { id: named.id } })
    const list = async (displayName: string) =>
      idsOf((await listChannelMembers(server.ctx, member, open.id, page, { displayName })).items)
    expect(await list('% zoË')).toEqual([named.id])
    expect(await list('%%')).toEqual([])
    const sort = [
      { property: 'nonsense', descending: false },
      { property: 'user.displayName', descending: false },
    ]
    const sorted = await listChannelMembers(server.ctx, member, open.id, { ...page, sort })
    expect(sorted.items[0]?.id).toBe(named.id)
    expect(sorted.total).toBe(3)
  })
})

describe('joining and leaving', () => {
  it('any user who sees a public channel may join and leave it; the others receive one event', async () => {
    expect(await joinChannel(server.ctx, outsider, open.id)).toMatchObject({ standing: 'member' })
    expect(await joinChannel(server.ctx, outsider, open.id)).toMatchObject({ standing: 'member' })
    expect(await membersOf(open.id)).toContain(outsider.userId)
    expect(await leaveChannel(server.ctx, outsider, open.id, {})).toMatchObject({ standing: 'outsider' })
    expect(await membersOf(open.id)).toEqual(bothIds())
    const about = { userId: outsider.userId, ...causeOf(outsider) }
    expect((await payloadsOf('channel.member.joined', open)).filter(({ by }) => by === about.by)).toEqual([
      about,
    ])
    expect(await payloadsOf('channel.member.left', open)).toEqual([about])
  })

  it('a user who leaves a private channel no longer sees it, and the last member keeps the channel', async () => {
    for (const caller of [member, moderator]) {
      expect(await leaveChannel(server.ctx, caller, closed.id, { user: null })).toMatchObject({
        id: closed.id,
        standing: 'outsider',
      })
      await refuses([
        ['who has left', 'ResourceNotFoundError', () => getChannel(server.ctx, caller, closed.id)],
      ])
    }
    await server.main.get(`/channels/${closed.id}`).expect(200)
  })

  it('moderators remove members, members do not', async () => {
    const other = { user: { id: member.userId } }
    await refuses([
      [
        'a member',
        'AccessDeniedError',
        () => leaveChannel(server.ctx, member, open.id, { user: { id: moderator.userId } }),
      ],
    ])
    expect(await leaveChannel(server.ctx, moderator, open.id, other)).toMatchObject({ standing: 'member' })
    expect(await membersOf(open.id)).toEqual([moderator.userId])
    expect(await payloadsOf('channel.member.left', open)).toEqual([
      { userId: member.userId, ...causeOf(moderator) },
    ])
    await refuses([
      ['twice', 'ResourceNotFoundError', () => leaveChannel(server.ctx, moderator, open.id, other)],
    ])
  })

  it('the members of a direct channel are fixed', async () => {
    const user = { user: { id: outsider.userId } }
    await refuses([
      ['leave', 'ClientError', () => leaveChannel(server.ctx, member, direct.id, {})],
      ['join', 'ClientError', () => joinChannel(server.ctx, member, direct.id)],
      ['invite', 'ClientError', () => inviteUser(server.ctx, member, direct.id, user)],
      ['block', 'ClientError', () => blockChannelUser(server.ctx, member, direct.id, user.user)],
      ['moderator', 'ClientError', () => addModerator(server.ctx, member, direct.id, user.user)],
    ])
    expect(await membersOf(direct.id)).toEqual(bothIds())
  })
})

describe('inviting', () => {
  it('members invite users, who are members at once', async () => {
    const invitee = await createUser(server.main)
    const user = { user: { username: invitee.name } }
    expect(await inviteUser(server.ctx, member, closed.id, user)).toMatchObject({ id: invitee.id })
    expect(await inviteUser(server.ctx, member, closed.id, user)).toMatchObject({ id: invitee.id })
    expect(await membersOf(closed.id)).toContain(invitee.id)
    const about = { userId: invitee.id, ...causeOf(member) }
    expect(await payloadsOf('channel.invite.created', closed)).toEqual([about])
    expect(await payloadsOf('channel.member.joined', closed)).toContainEqual(about)
    const [invite] = await server.ctx.db.query(
      { text: 'select inviter_id from channel_invite where channel_id = $1 and invitee_id = $2' },
      [closed.id, invitee.id],
    )
    expect(invite?.[0]).toBe(member.userId)
  })

  it('somebody who has left is invited anew', async () => {
    const invitee = await createUser(server.main)
    const user = { user: { id: invitee.id } }
    await inviteUser(server.ctx, member, closed.id, user)
    await leaveChannel(server.ctx, callerOf(server.main, invitee), closed.id, {})
    const text = `select inviter_id, created_time from channel_invite where channel_id = $1 and invitee_id = $2`
    const inviteNow = async () => (await server.ctx.db.query({ text }, [closed.id, invitee.id]))[0] ?? []
    const [, before] = await inviteNow()
    await inviteUser(server.ctx, moderator, closed.id, user)
    expect(await payloadsOf('channel.invite.created', closed)).toEqual([
      { userId: invitee.id, ...causeOf(member) },
      { userId: invitee.id, ...causeOf(moderator) },
    ])
    const [inviter, after] = await inviteNow()
    expect(inviter).toBe(moderator.userId)
    expect(after).not.toEqual(before)
    const events = await server.ctx.db.query(
      { text: 'select type from event_log where channel_id = $1 order by position desc limit 2' },
      [closed.id],
    )
    expect(events.flat()).toEqual(['channel.member.joined', 'channel.invite.created'])
  })

  it('users who are no members do not', async () => {
    const user = { user: { id: outsider.userId } }
    await refuses([
      ['to a public channel', 'AccessDeniedError', () => inviteUser(server.ctx, outsider, open.id, user)],
      ['to a private one', 'ResourceNotFoundError', () => inviteUser(server.ctx, outsider, closed.id, user)],
    ])
  })
})

describe('moderators', () => {
  it('add and remove other moderators', async () => {
    const user = { id: outsider.userId }
    const listed = async () => idsOf((await listChannelModerators(server.ctx, member, open.id, page)).items)
    expect(await addModerator(server.ctx, moderator, open.id, user)).toMatchObject(user)
    expect(await listed()).toEqual(idsOf([{ id: moderator.userId }, user]))
    expect(await membersOf(open.id)).toContain(outsider.userId)
    const after = await removeModerator(server.ctx, moderator, open.id, outsider.userId)
    expect(after).toMatchObject({ id: open.id })
    expect(await listed()).toEqual([moderator.userId])
    const about = { userId: outsider.userId, ...causeOf(moderator) }
    expect(await payloadsOf('channel.moderator.added', open)).toEqual([about])
    expect(await payloadsOf('channel.moderator.deleted', open)).toEqual([about])
  })

  it('are the only ones to change the channel or other members', async () => {
    const user = { id: moderator.userId }
    const denied = 'AccessDeniedError'
    await refuses(
      [member, outsider].flatMap((caller): Refusal[] => [
        ['add', denied, () => addModerator(server.ctx, caller, open.id, { id: caller.userId })],
        ['remove', denied, () => removeModerator(server.ctx, caller, open.id, user.id)],
        ['block', denied, () => blockChannelUser(server.ctx, caller, open.id, user)],
        ['unblock', denied, () => deleteChannelBlockRecord(server.ctx, caller, open.id, 1)],
        ['update', denied, () => updateChannel(server.ctx, caller, open.id, { displayName: 'Mine' })],
        ['delete', denied, () => deleteChannel(server.ctx, caller, open.id)],
      ]),
    )
  })
})

describe('blocking a user from a channel', () => {
  it('ends the membership, and the user cannot be added until the block is deleted', async () => {
    const user = { id: member.userId }
    const record = await blockChannelUser(server.ctx, moderator, open.id, user)
    expect(record).toMatchObject({ channelId: open.id, user })
    expect(await blockChannelUser(server.ctx, moderator, open.id, user)).toEqual(record)
    expect(await membersOf(open.id)).toEqual([moderator.userId])
    const { items } = await listChannelBlocks(server.ctx, moderator, open.id, {}, page)
    expect(items).toEqual([record])
    await refuses([
      ['seeing', 'ResourceNotFoundError', () => getChannel(server.ctx, member, open.id)],
      ['joining', 'ResourceNotFoundError', () => joinChannel(server.ctx, member, open.id)],
      ['inviting', 'UserBlockedError', () => inviteUser(server.ctx, moderator, open.id, { user })],
      ['an office', 'UserBlockedError', () => addModerator(server.ctx, moderator, open.id, user)],
      [
        'a record elsewhere',
        'ResourceNotFoundError',
        () => deleteChannelBlockRecord(server.ctx, moderator, closed.id, record.id),
      ],
    ])
    expect(await deleteChannelBlockRecord(server.ctx, moderator, open.id, record.id)).toEqual(record)
    expect(await membersOf(open.id)).toEqual([moderator.userId])
    expect(await joinChannel(server.ctx, member, open.id)).toMatchObject({ standing: 'member' })
    const cause = causeOf(moderator)
    const kept = { userId: member.userId, recordId: record.id, createdTime: record.createdTime, ...cause }
    expect(await payloadsOf('channel.member.left', open)).toEqual([
      { userId: member.userId, blocked: true, ...cause },
    ])
    expect(await payloadsOf('channel.block_record.created', open)).toEqual([kept])
    expect(await payloadsOf('channel.block_record.deleted', open)).toEqual([kept])
  })

  it('applies to users who join at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      const user = await createUser(server.main)
      const [, joined] = await Promise.allSettled([
        blockChannelUser(server.ctx, moderator, open.id, { id: user.id }),
        joinChannel(server.ctx, callerOf(server.main, user), open.id),
      ])
      expect(await membersOf(open.id), joined.status).not.toContain(user.id)
    }
  })

  it('is refused for oneself', async () => {
    const myself = { id: moderator.userId }
    await refuses([
      ['oneself', 'ValidationError', () => blockChannelUser(server.ctx, moderator, open.id, myself)],
    ])
  })
})

describe('what members change for themselves', () => {
  it('is delivered to them, and only where it changed', async () => {
    for (const state of ['ON', 'ON', 'OFF'] as const) {
      expect(await muteChannel(server.ctx, member, open.id, { state })).toMatchObject({ id: open.id })
    }
    const about = { userId: member.userId, ...causeOf(member) }
    expect(await payloadsOf('channel.membership.changed', open)).toEqual([
      { ...about, change: 'muted' },
      { ...about, change: 'unmuted' },
    ])
  })

  it('clears the history of one member and of no other', async () => {
    const before = await sendMessage(server.main, open.id)
    expect(await clearHistory(server.ctx, member, open.id)).not.toHaveProperty('lastReceivedMessage.id')
    expect(await getChannel(server.ctx, moderator, open.id)).toMatchObject({
      lastReceivedMessage: { id: before.id },
    })
    const after = await sendMessage(server.main, open.id)
    expect(await getChannel(server.ctx, member, open.id)).toMatchObject({
      lastReceivedMessage: { id: after.id },
    })
  })

  it('is not for users outside the channel, and groups cannot be hidden', async () => {
    await refuses([
      ['mute', 'AccessDeniedError', () => muteChannel(server.ctx, outsider, open.id, { state: 'ON' })],
      ['clear', 'AccessDeniedError', () => clearHistory(server.ctx, outsider, open.id)],
      ['hide', 'ClientError', () => hideChannel(server.ctx, member, open.id)],
      [
        'event',
        'AccessDeniedError',
        () => sendChannelEvent(server.ctx, outsider, open.id, { type: 'x', properties: {} }),
      ],
    ])
  })
})

describe('the channel itself', () => {
  it('is changed by its moderators; properties are replaced as a whole', async () => {
    const name = uuid()
    const given = { name, displayName: 'Other', properties: { a: 1, b: null } }
    expect(await updateChannel(server.ctx, moderator, closed.id, replacing(given))).toMatchObject(given)
    expect(
      await updateChannel(server.ctx, moderator, closed.id, replacing({ properties: {} })),
    ).toMatchObject({
      name,
      properties: {},
    })
    expect(await payloadsOf('channel.updated', closed)).toEqual([causeOf(moderator), causeOf(moderator)])
    await refuses([
      [
        'a name that is taken',
        'ConflictError',
        () => updateChannel(server.ctx, moderator, open.id, { name }),
      ],
    ])
  })

  it('is changed by any member where it is direct, but for its name', async () => {
    const given = { name: 'new', displayName: 'New', properties: { a: 1 } }
    const changed = await updateChannel(server.ctx, member, direct.id, replacing(given))
    expect(changed).toMatchObject({ name: direct.name, properties: { a: 1 } })
  })

  it('is published as it was when it is deleted, with its members', async () => {
    const last = await sendMessage(server.main, open.id)
    expect(await deleteChannel(server.ctx, moderator, open.id)).toMatchObject({ id: open.id })
    expect(await payloadsOf('channel.deleted', open)).toMatchObject([
      {
        ...causeOf(moderator),
        memberIds: bothIds(),
        channel: { id: open.id, type: 'PUBLIC', name: open.name, lastReceivedMessage: { id: last.id } },
      },
    ])
    await server.main.delete(`/channels/${direct.id}`).expect(200)
    const [byBackend] = await payloadsOf('channel.deleted', direct)
    expect(byBackend).toMatchObject({
      memberIds: bothIds(),
      channel: { id: direct.id, members: bothIds().map((id) => ({ id })) },
    })
    expect(byBackend).not.toHaveProperty('by')
  })

  it('delivers triggered events to its members and backends', async () => {
    const event = { type: 'wave', properties: { hand: 'left' } }
    expect(await sendChannelEvent(server.ctx, member, open.id, event)).toMatchObject({
      ...event,
      user: { id: member.userId },
    })
    await server.main.post(`/channels/${open.id}/events`, event).expect(200)
    expect(await payloadsOf('channel.event.triggered', open)).toEqual([
      { event, userId: member.userId, ...causeOf(member) },
      { event },
    ])
  })
})
