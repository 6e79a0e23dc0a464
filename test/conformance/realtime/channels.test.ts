// Channels through the official real-time client: creating, finding, changing.
import type { Channel, DirectChannel, ListChannelsFilter } from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  collect,
  connect,
  connectNew,
  type Device,
  disconnect,
  done,
  makeChannel,
  refused,
  see,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aChannel, aMessage, aUser } from '../realtime-resources.ts'

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

describe('channels', () => {
  it('are created by users, who moderate them, with members and properties', async () => {
    const joined = collect(bob.client.onChannelJoined)
    const made = await makeChannel(alice, {
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

    const made = await makeChannel(alice)
    const { channel } = await done(alice.client.createChannel({ type: 'PUBLIC', name: made.name }))
    expect(channel.id).toBe(made.id)
    const { channel: others } = await done(bob.client.createChannel({ type: 'PUBLIC', name: made.name }))
    expect(others).toEqual(aChannel({ type: 'PUBLIC', id: made.id, creator: aUser('alice') }))
    const secret = await makeChannel(alice, { type: 'PRIVATE' })
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
    const open = await makeChannel(alice)
    const secret = await makeChannel(alice, { type: 'PRIVATE' })
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
    const channel = await makeChannel(alice, { members: [{ username: 'bob' }] })
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
    const channel = await makeChannel(alice, { members: [{ username: 'bob' }] })
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
    const channel = await makeChannel(alice, { members: [{ username: 'bob' }] })
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
    const group = await makeChannel(alice, { members: [{ username: 'bob' }] })
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

it('does what COVERAGE.md says it does', mustBeCoveredHere)
