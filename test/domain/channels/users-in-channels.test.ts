// What users may do in channels and to each other there, and what others hear of it.

import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { addModerator } from '#domain/channels/members/add-moderator.ts'
import { clearHistory } from '#domain/channels/members/clear-history.ts'
import { hideChannel } from '#domain/channels/members/hide-channel.ts'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { joinChannel } from '#domain/channels/members/join-channel.ts'
import { leaveChannel } from '#domain/channels/members/leave-channel.ts'
import { listChannelMembers } from '#domain/channels/members/list-channel-members.ts'
import { muteChannel } from '#domain/channels/members/mute-channel.ts'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { updateChannel } from '#domain/channels/update-channel.ts'
import { replacing } from '#domain/merge-patch.ts'
import type { SeenChannel } from '#resources/channel.ts'
import { callerOf, connectListener } from '../../support/as-user.ts'
import { createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  causeOf,
  idsOf,
  type PeopleInChannels,
  page,
  payloadsOf,
  peopleInChannels,
  refuses,
} from './people.ts'

let server: TestServer
let moderator: UserCaller
let member: UserCaller
let outsider: UserCaller
let open: SeenChannel
let closed: SeenChannel
let direct: SeenChannel
let membersOf: PeopleInChannels['membersOf']
let bothIds: PeopleInChannels['bothIds']

beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

beforeEach(async () => {
  ;({ moderator, member, outsider, open, closed, direct, membersOf, bothIds } =
    await peopleInChannels(server))
})

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
    expect(
      (await payloadsOf(server, 'channel.member.joined', open)).filter(({ by }) => by === about.by),
    ).toEqual([about])
    expect(await payloadsOf(server, 'channel.member.left', open)).toEqual([{ ...about, moderator: false }])
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
    expect(await payloadsOf(server, 'channel.member.left', open)).toEqual([
      { userId: member.userId, moderator: false, ...causeOf(moderator) },
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
    expect(await payloadsOf(server, 'channel.invite.created', closed)).toEqual([about])
    expect(await payloadsOf(server, 'channel.member.joined', closed)).toContainEqual(about)
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
    expect(await payloadsOf(server, 'channel.invite.created', closed)).toEqual([
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

describe('what members change for themselves', () => {
  it('is delivered to them, and only where it changed', async () => {
    for (const state of ['ON', 'ON', 'OFF'] as const) {
      expect(await muteChannel(server.ctx, member, open.id, { state })).toMatchObject({ id: open.id })
    }
    const about = { userId: member.userId, ...causeOf(member) }
    expect(await payloadsOf(server, 'channel.membership.changed', open)).toEqual([
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
    expect(await payloadsOf(server, 'channel.updated', closed)).toEqual([
      causeOf(moderator),
      causeOf(moderator),
    ])
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
    expect(await payloadsOf(server, 'channel.deleted', open)).toMatchObject([
      {
        ...causeOf(moderator),
        memberIds: bothIds(),
        channel: { id: open.id, type: 'PUBLIC', name: open.name, lastReceivedMessage: { id: last.id } },
      },
    ])
    await server.main.delete(`/channels/${direct.id}`).expect(200)
    const [byBackend] = await payloadsOf(server, 'channel.deleted', direct)
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
    expect(await payloadsOf(server, 'channel.event.triggered', open)).toEqual([
      { event, userId: member.userId, ...causeOf(member) },
      { event },
    ])
  })
})
