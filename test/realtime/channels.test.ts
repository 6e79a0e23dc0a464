import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { channelBlockRecordActions } from '#realtime/block-records.ts'
import { channelActions, channelRelays } from '#realtime/channels.ts'
import type { ChannelBlockRecord, SeenChannel } from '#resources/channel.ts'
import { presentResource } from '#wire/stompx.ts'
import { callerOf } from '../support/as-user.ts'
import { createUser, sendMessage } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: UserCaller
let other: { id: number; name: string }
let group: SeenChannel
let direct: SeenChannel

beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  caller = callerOf(server.main, await createUser(server.main))
  other = await createUser(server.main)
  const members = [{ id: other.id }]
  group = (await createChannel(server.ctx, caller, { type: 'PUBLIC', members })).channel
  direct = (await createChannel(server.ctx, caller, { type: 'DIRECT', members })).channel
})

const callOf = ({ id }: SeenChannel) => ({ ctx: server.ctx, caller, params: { id } })
const relayOf = (channel: SeenChannel, filters = {}, isLegacy = false) => ({
  ...callOf(channel),
  filters,
  isLegacy,
})
const page = { number: 0, size: 25, sort: [] }

/** Performs an action with a client's body. */
function perform(name: keyof typeof channelActions, channel: SeenChannel, body: unknown) {
  const { body: schema, handle } = channelActions[name]
  return handle(callOf(channel), schema.parse(body))
}

describe('the answer to an action', () => {
  it.each<[keyof typeof channelActions, () => unknown, string | undefined]>([
    ['message', () => ({ type: 'TEXT', body: 'Hello' }), 'messages user.message.created'],
    ['keystrokes', () => ({ keys: 'Hel' }), undefined],
    ['read', () => ({}), undefined],
    ['triggerEvent', () => ({ type: 'wave', properties: {} }), undefined],
    ['mute', () => ({ state: 'ON' }), 'channels user.channel.muted'],
    ['mute', () => ({ state: 'OFF' }), 'channels user.channel.unmuted'],
    ['clearHistory', () => ({}), 'channels user.channel.history_cleared'],
    ['createThread', () => ({ name: 'Aside' }), 'threads user.thread.created'],
    ['join', () => ({ channel: group }), 'channels user.channel.joined'],
    ['invite', () => ({ user: { username: other.name } }), 'users user.user.invited'],
    ['addModerator', () => ({ ...other }), 'channels user.channel.moderator_added'],
    ['block', () => ({ id: other.id }), 'channels user.channel.block_record_created'],
    ['leave', () => ({ user: { id: other.id } }), 'channels user.channel.left'],
    ['leave', () => ({}), 'channels user.channel.left'],
    ['delete', () => ({}), 'channels user.channel.deleted'],
  ])('%s', async (name, body, expected) => {
    const echo = await perform(name, group, body())
    expect(echo && `${echo.topic} ${echo.type}`).toBe(expected)
    if (echo) expect(JSON.parse(presentResource(echo.shape, echo.entity))).toHaveProperty('_actions')
  })

  it.each([
    ['updates', async () => perform('update', group, whole()), 'user.channel.updated'],
    ['hides', async () => perform('hide', direct, {}), 'user.channel.hidden'],
    ['removes a moderator', removeModerator, 'user.channel.moderator_deleted'],
    ['unblocks a user', unblock, 'user.channel.block_record_deleted'],
  ])('also where the action %s', async (_what, act, type) => {
    expect(await act()).toMatchObject({ topic: 'channels', type })
  })

  /** Returns the whole resource with a change, as clients send it. */
  const whole = () => ({ ...JSON.parse(JSON.stringify(group)), displayName: 'Other', _relays: {} })
  async function removeModerator() {
    await perform('addModerator', group, { id: other.id })
    return perform('deleteModerator', group, { id: other.id })
  }
  async function unblock() {
    await perform('block', group, { id: other.id })
    const { page: records } = await channelRelays.blockRecords(relayOf(group), page)
    const [{ id, channelId }] = records.items as [ChannelBlockRecord]
    return channelBlockRecordActions.delete.handle({ ...callOf(group), params: { id, channelId } }, {})
  }
})

describe('a user who has left a channel', () => {
  it('is shown the action to join it and no longer the one to leave it', async () => {
    const echo = await perform('leave', group, {})
    const { _actions } = JSON.parse(presentResource(echo?.shape ?? channelActions.leave.body, echo?.entity))
    expect(_actions).toHaveProperty('join')
    expect(_actions).not.toHaveProperty('leave')
    expect(_actions).not.toHaveProperty('invite')
  })
})

describe('the last message that was read', () => {
  it('is an error where there is none, and null for older clients', async () => {
    await expect(channelRelays.lastReadMessage(relayOf(group))).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    expect(await channelRelays.lastReadMessage(relayOf(group, {}, true))).toMatchObject({ entity: null })
    const { id } = await sendMessage(server.main, group.id)
    await perform('read', group, {})
    expect(await channelRelays.lastReadMessage(relayOf(group))).toMatchObject({ entity: { id } })
    expect(await channelRelays.lastReadMessage(relayOf(group, { username: other.name }, true))).toMatchObject(
      { entity: null },
    )
  })
})

describe('lists and counts of a channel', () => {
  it('match the filters of the relay', async () => {
    const { id } = await sendMessage(server.main, group.id, { user: { id: other.id } })
    const call = relayOf(group, { unread: 'true', displayName: other.name })
    expect(await channelRelays.messagesCount(call)).toMatchObject({ entity: { count: 1 } })
    expect(await channelRelays.unread(call)).toMatchObject({ entity: { exists: true } })
    expect(await channelRelays.lastReceivedMessage(call)).toMatchObject({ entity: { id } })
    expect(await channelRelays.members(call, page)).toMatchObject({ page: { items: [{ id: other.id }] } })
    expect(await channelRelays.moderators(call, page)).toMatchObject({ page: { items: [] } })
    await expect(channelRelays.messagesCount(relayOf(group, { unread: 'maybe' }))).rejects.toMatchObject({
      kind: 'ValidationError',
    })
  })
})

it('the list of calls is empty, and starting a call is refused', async () => {
  const answer = await channelRelays.calls(relayOf(group), page)
  expect(answer).toMatchObject({ contents: 'calls', page: { items: [], total: 0 } })
  await expect(perform('call', group, {})).rejects.toMatchObject({ kind: 'FeatureDisabledError' })
})
