import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { hideChannel } from '#domain/channels/members/hide-channel.ts'
import { leaveChannel } from '#domain/channels/members/leave-channel.ts'
import { blockUser } from '#domain/users/block-user.ts'
import type { CreateChannel } from '#resources/channel.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createUser } from '../../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
  application = server.main
  await connectListener(server, application)
})
afterAll(() => server.close())

const create = (caller: UserCaller, input: CreateChannel) => createChannel(server.ctx, caller, input)
const someone = async () => callerOf(application, await createUser(application), uuid())
const eventsOf = async (type: Parameters<typeof deliveredEvents>[1], channelId: number) =>
  (await deliveredEvents(server, type)).filter((event) => event.channelId === channelId)
const setFeatures = (features: Record<string, string>) =>
  application
    .put('/application/settings', { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED', ...features })
    .expect(200)

describe('a user who creates a channel', () => {
  it('is a member and the moderator of a group, and is answered by the event of the channel alone', async () => {
    const [creator, member] = [await someone(), await someone()]
    const name = uuid()
    const { channel, outcome } = await create(creator, {
      type: 'PRIVATE',
      name,
      members: [{ id: member.userId }],
      properties: { topic: 'x' },
    })
    expect(outcome).toBe('created')
    expect(channel).toMatchObject({
      type: 'PRIVATE',
      name,
      displayName: name,
      standing: 'member',
      creator: { id: creator.userId },
      properties: { topic: 'x' },
    })
    const { body } = await application.get(`/channels/${channel.id}/moderators`).expect(200)
    expect(body._embedded.users).toMatchObject([{ id: creator.userId }])
    const [created] = await eventsOf('channel.created', channel.id)
    expect(created?.payload).toEqual({
      by: creator.userId,
      session: creator.session,
      receipt: creator.receipt,
    })
    const joined = await eventsOf('channel.member.joined', channel.id)
    expect(joined.map(({ payload }) => payload)).toEqual(
      [creator.userId, member.userId].map((userId) => ({
        userId,
        by: creator.userId,
        session: creator.session,
      })),
    )
  })

  it('gets the existing direct channel of the same members, which is no longer hidden', async () => {
    const [first, second] = [await someone(), await someone()]
    const { channel } = await create(first, { type: 'DIRECT', members: [{ id: second.userId }] })
    expect(channel).toMatchObject({ type: 'DIRECT', name: expect.stringMatching(/./) })
    expect('members' in channel && channel.members.map(({ id }) => id)).toEqual(
      [first.userId, second.userId].sort((a, b) => a - b),
    )
    await hideChannel(server.ctx, second, channel.id)
    const again = await create(second, { type: 'DIRECT', members: [{ id: first.userId }] })
    expect(again).toMatchObject({ channel: { id: channel.id }, outcome: 'member' })
    expect(await create(first, { type: 'DIRECT', members: [{ id: second.userId }] })).toMatchObject({
      channel: { id: channel.id },
      outcome: 'owned',
    })
    const events = await eventsOf('channel.upserted', channel.id)
    expect(events.map(({ payload: { existing, unhidden } }) => ({ existing, unhidden }))).toEqual([
      { existing: 'member', unhidden: true },
      { existing: 'owned', unhidden: undefined },
    ])
  })

  it('becomes a member of the public channel that has the name', async () => {
    const [first, second] = [await someone(), await someone()]
    const input = { type: 'PUBLIC' as const, name: uuid() }
    const { channel } = await create(first, input)
    expect(await create(second, input)).toMatchObject({
      channel: { id: channel.id, standing: 'member' },
      outcome: 'member',
    })
    expect(await create(first, input)).toMatchObject({ channel: { id: channel.id }, outcome: 'owned' })
  })

  it('is refused a name that is taken by a channel of another type, or one that it may not see', async () => {
    const [first, second] = [await someone(), await someone()]
    const [hidden, shown] = [uuid(), uuid()]
    const { channel } = await create(first, { type: 'PRIVATE', name: hidden })
    await create(first, { type: 'PUBLIC', name: shown })
    for (const input of [
      { type: 'PRIVATE' as const, name: hidden },
      { type: 'PRIVATE' as const, name: shown },
    ]) {
      await expect(create(second, input)).rejects.toMatchObject({ kind: 'ConflictError' })
    }
    await leaveChannel(server.ctx, first, channel.id, {})
    await expect(create(first, { type: 'PRIVATE', name: hidden })).rejects.toMatchObject({
      kind: 'ConflictError',
    })
  })

  it('is not added to a public channel in which it is blocked', async () => {
    const [first, second] = [await someone(), await someone()]
    const input = { type: 'PUBLIC' as const, name: uuid() }
    const { channel } = await create(first, input)
    await blockChannelUser(server.ctx, first, channel.id, { id: second.userId })
    await expect(create(second, input)).rejects.toMatchObject({ kind: 'ConflictError' })
  })

  it('cannot create a direct channel with a user who has blocked it', async () => {
    const [blocker, blocked] = [await someone(), await someone()]
    await blockUser(server.ctx, blocker, blocked.userId)
    await expect(
      create(blocked, { type: 'DIRECT', members: [{ id: blocker.userId }] }),
    ).rejects.toMatchObject({ kind: 'UserBlockedError' })
    const other = await create(blocker, { type: 'DIRECT', members: [{ id: blocked.userId }] })
    expect(other.outcome).toBe('created')
  })
})

describe('an unknown user who is named as a member', () => {
  it('becomes a guest, once, where guests are enabled', async () => {
    const creator = await someone()
    const username = `stranger ${uuid()}`
    const input = { type: 'DIRECT' as const, members: [{ username }, { username }] }
    const { channel } = await create(creator, input)
    expect('members' in channel && channel.members).toMatchObject([
      { id: creator.userId },
      { name: username, displayName: username, isGuest: true },
    ])
    expect(await create(creator, input)).toMatchObject({ channel: { id: channel.id }, outcome: 'owned' })
  })

  it('does not become a guest where the channel is not created', async () => {
    const creator = await someone()
    const names = Array.from({ length: 10 }, () => `stranger ${uuid()}`)
    const members = names.map((username) => ({ username }))
    await expect(create(creator, { type: 'DIRECT', members })).rejects.toMatchObject({ kind: 'ClientError' })
    await expect(
      create(creator, { type: 'PUBLIC', members: [...members, { id: 999_999_999 }] }),
    ).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
    await application.get(`/users?name=${encodeURIComponent(names[0] ?? '')}`).expect(({ body }) => {
      expect(body.page.totalElements).toBe(0)
    })
  })

  it('is refused where guests are disabled', async () => {
    const creator = await someone()
    await setFeatures({ guestUsers: 'DISABLED' })
    const members = [{ username: `stranger ${uuid()}` }]
    await expect(create(creator, { type: 'DIRECT', members })).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    await setFeatures({})
  })
})

it('users create no channels where the application does not allow it', async () => {
  const creator = await someone()
  await setFeatures({ userCreatedChannels: 'DISABLED' })
  await expect(create(creator, { type: 'PUBLIC' })).rejects.toMatchObject({ kind: 'FeatureDisabledError' })
  await setFeatures({})
  expect(await create(creator, { type: 'PUBLIC' })).toMatchObject({ outcome: 'created' })
})
