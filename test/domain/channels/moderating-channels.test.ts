// What moderators may do in channels, and what others hear of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { deleteChannelBlockRecord } from '#domain/channels/delete-channel-block-record.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { listChannelBlocks } from '#domain/channels/list-channel-blocks.ts'
import { addModerator } from '#domain/channels/members/add-moderator.ts'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { joinChannel } from '#domain/channels/members/join-channel.ts'
import { listChannelModerators } from '#domain/channels/members/list-channel-moderators.ts'
import { removeModerator } from '#domain/channels/members/remove-moderator.ts'
import { updateChannel } from '#domain/channels/update-channel.ts'
import type { SeenChannel } from '#resources/channel.ts'
import { callerOf, connectListener } from '../../support/as-user.ts'
import { createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  causeOf,
  idsOf,
  type PeopleInChannels,
  page,
  payloadsOf,
  peopleInChannels,
  type Refusal,
  refuses,
} from './people.ts'

let server: TestServer
let moderator: UserCaller
let member: UserCaller
let outsider: UserCaller
let open: SeenChannel
let closed: SeenChannel
let membersOf: PeopleInChannels['membersOf']

beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

beforeEach(async () => {
  ;({ moderator, member, outsider, open, closed, membersOf } = await peopleInChannels(server))
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
    expect(await payloadsOf(server, 'channel.moderator.added', open)).toEqual([about])
    expect(await payloadsOf(server, 'channel.moderator.deleted', open)).toEqual([about])
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
    expect(await payloadsOf(server, 'channel.member.left', open)).toEqual([
      { userId: member.userId, moderator: false, blocked: true, ...cause },
    ])
    expect(await payloadsOf(server, 'channel.block_record.created', open)).toEqual([kept])
    expect(await payloadsOf(server, 'channel.block_record.deleted', open)).toEqual([kept])
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
