// Answers of relays and actions about the current user and others, and the topics of these answers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { currentUserActions, currentUserRelays } from '#realtime/current-user.ts'
import type { Filters } from '#realtime/handlers.ts'
import { userBlockedRecordActions } from '#realtime/user-blocks.ts'
import { userActions, userRelays } from '#realtime/users.ts'
import { Channel } from '#resources/channel.ts'
import { CurrentUser, User, UserBlockedRecord } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'
import { callerOf } from '../support/as-user.ts'
import type { UserDocument } from '../support/documents.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: UserCaller
let other: UserDocument
beforeAll(async () => {
  server = await shareServer()
  caller = callerOf(server.main, await createUser(server.main))
  other = await createUser(server.main, { displayName: 'Other' })
})
afterAll(() => server.close())

const action = (params: Record<string, number> = {}) => ({ ctx: server.ctx, caller, params })
const relay = (params: Record<string, number> = {}, filters: Filters = {}) => ({
  ...action(params),
  filters,
  isLegacy: false,
})
const page = { number: 0, size: 25, sort: [] }

describe('relays', () => {
  it('return the user itself, and grants that are valid for files', async () => {
    expect(await currentUserRelays.self(relay())).toMatchObject({
      shape: CurrentUser,
      entity: { id: caller.userId },
    })
    for (const access of ['read', 'write'] as const) {
      const { entity } = await currentUserRelays[`${access}FileAccessGrant`](relay())
      const { grant } = entity as { grant: string }
      const { applicationId, userId } = caller
      expect(await server.ctx.grants.check(grant, access)).toEqual({ access, applicationId, userId })
    }
  })

  it('list and count contacts, by the filters of a header', async () => {
    const filters = { displayName: 'oth' }
    const answer = await currentUserRelays.contacts(relay({}, filters), page)
    expect(answer).toMatchObject({ shape: User, contents: 'users', page: { items: [{ id: other.id }] } })
    const count = await currentUserRelays.contactsCount(relay({}, filters))
    expect(count.entity).toEqual({ count: 1 })
    const asked = currentUserRelays.contacts(relay({}, { online: 'maybe' }), page)
    await expect(asked).rejects.toMatchObject({ kind: 'ValidationError' })
  })

  it('say whether a user is a member of the channel that a header names', async () => {
    const channel = await createChannel(server.main, { members: [{ id: other.id }] })
    const at = { channelId: String(channel.id) }
    const ask = async (id: number) => (await userRelays.channelMember(relay({ id }, at))).entity
    expect(await ask(other.id)).toEqual({ exists: true })
    expect(await ask(caller.userId)).toEqual({ exists: false })
    await expect(userRelays.channelMember(relay({ id: other.id }))).rejects.toMatchObject({
      kind: 'ValidationError',
    })
  })
})

describe('actions', () => {
  it('are answered with the complete current user where it changed', async () => {
    const echo = await currentUserActions.update.handle(action(), { displayName: 'Renamed' })
    expect(echo).toMatchObject({ topic: 'self', type: 'user.self.updated', shape: CurrentUser })
    const shown = JSON.parse(presentResource(CurrentUser, echo?.entity))
    expect(shown).toMatchObject({ displayName: 'Renamed', _actions: { update: '/application/user.update' } })
  })

  it('say of a channel whether it was created', async () => {
    const create = () => currentUserActions.createChannel.handle(action(), { type: 'PUBLIC', name: 'mine' })
    expect(await create()).toMatchObject({
      topic: 'channels',
      type: 'user.channel.created',
      shape: Channel,
      entity: { name: 'mine' },
    })
    expect(await create()).toMatchObject({ type: 'user.channel.upserted' })
    const joined = await currentUserRelays.channels(relay({}, { subscribable: 'true' }), page)
    expect(joined).toMatchObject({ contents: 'channels', page: { items: [{ name: 'mine' }], total: 1 } })
    for (const count of [currentUserRelays.channelsCount, currentUserRelays.unreadChannelsCount]) {
      expect(await count(relay({}, { unread: 'true', type: 'PUBLIC' }))).toMatchObject({
        entity: { count: 0 },
      })
    }
  })

  it('refuse a file as browsers serialise it, which is {}', () => {
    const { body } = currentUserActions.updateDisplayPicture
    expect(body.safeParse({}).success).toBe(false)
  })

  it('block and unblock answer with the user, and both names of the list return the block in between', async () => {
    const blocked = await userActions.block.handle(action({ id: other.id }), {})
    expect(blocked).toMatchObject({
      topic: 'users',
      type: 'user.user.blocked',
      shape: User,
      entity: { id: other.id },
    })
    const old = await currentUserRelays.userBlockedRecords(relay(), page)
    const answer = await currentUserRelays.userBlockListItems(relay(), page)
    expect(old).toEqual(answer)
    expect(answer).toMatchObject({ shape: UserBlockedRecord, contents: 'items', page: { total: 1 } })
    const record = JSON.parse(presentResource(UserBlockedRecord, answer.page.items[0]))
    const id = Number(
      /^\/application\/user\.blocked_records\/(\d+)\.delete$/.exec(record._actions.delete)?.[1],
    )
    expect(await userBlockedRecordActions.delete.handle(action({ id }), {})).toMatchObject({
      topic: 'users',
      type: 'user.user.unblocked',
      shape: User,
      entity: { id: other.id },
    })
  })

  it('delete only the user itself, and answer with the user as it was', async () => {
    for (const { handle } of [userActions.delete, currentUserActions.delete]) {
      await expect(handle(action({ id: other.id }), {})).rejects.toMatchObject({ kind: 'AccessDeniedError' })
    }
    expect(await currentUserActions.delete.handle(action({ id: caller.userId }), {})).toMatchObject({
      topic: 'self',
      type: 'user.self.deleted',
      shape: User,
      entity: { id: caller.userId, displayName: 'Renamed' },
    })
  })
})
