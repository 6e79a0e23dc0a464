// Users through the official real-time client: finding, blocking, deleting oneself.
import type { ListUsersFilter, UserBlockedRecord } from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  collect,
  connect,
  connectNew,
  type Device,
  disconnect,
  done,
  refused,
  uniqueName,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aBlockRecord, aUser } from '../realtime-resources.ts'

let server: TestServer
let alice: Device
let bob: Device
beforeAll(async () => {
  server = await shareServer()
  await createUser(server.main, { name: 'offline', displayName: 'Zoe' })
  ;[alice, bob] = await connectNew(server, 'alice', 'bob')
})
afterAll(async () => {
  await disconnect(alice, bob)
  await server.close()
})

const namesOf = (items: { name: string }[]) => items.map(({ name }) => name)

describe('users', () => {
  it('are listed and counted, without the user itself, by name and by presence', async () => {
    const list = async (filter?: ListUsersFilter) =>
      (await done(alice.client.listUsers(filter && { filter }))).paginator.items
    const count = async (filter?: ListUsersFilter) =>
      (await done(alice.client.listUsersCount(filter && { filter }))).count
    const all = await list()
    expect(new Set(namesOf(all))).toEqual(new Set(['bob', 'offline']))
    expect(all.find(({ name }) => name === 'bob')).toEqual(
      aUser('bob', { presence: { status: 'AVAILABLE', online: true } }),
    )
    const filters = [
      [{ online: true }, ['bob']],
      [{ online: false }, ['offline']],
      [{ name: 'bob' }, ['bob']],
      [{ displayName: 'Zo' }, ['offline']],
      [{ name: 'nobody' }, []],
    ] as const
    for (const [filter, names] of filters) {
      expect(namesOf(await list(filter)), JSON.stringify(filter)).toEqual(names)
      expect(await count(filter), JSON.stringify(filter)).toBe(names.length)
    }
    expect(await count()).toBe(2)
  })

  it('are listed in pages', async () => {
    const application = await server.createApplication()
    const names = Array.from({ length: 30 }, (_, at) => `user-${String(at).padStart(2, '0')}`)
    for (const name of names) await createUser(application, { name, displayName: name })
    const jane = await connect(server, application, 'jane')
    const { paginator: first } = await done(jane.client.listUsers())
    const second = await first.nextPage()
    expect(namesOf([...first.items, ...second.items]).sort()).toEqual(names)
    expect(namesOf((await second.prevPage()).items)).toEqual(namesOf(first.items))
    await disconnect(jane)
  })

  it('are retrieved, and checked for membership of a channel', async () => {
    const { user } = await done(alice.client.retrieveUser(bob.user.id))
    expect(user).toEqual(aUser('bob', { id: bob.user.id }))
    const { channel } = await done(
      alice.client.createChannel({ type: 'PUBLIC', name: uniqueName('channel') }),
    )
    const isIn = async () =>
      (await done(alice.client.checkUserIsChannelMember({ user, channel }))).isChannelMember
    expect(await isIn()).toBe(false)
    await server.main.post(`/channels/${channel.id}/members`, { id: user.id }).expect(200)
    expect(await isIn()).toBe(true)
  })

  it("receive each other's arrivals, changes and departures", async () => {
    const presence = collect(alice.client.onUserPresenceChanged)
    const updates = collect(alice.client.onUserUpdated)
    const carol = await connect(server, server.main, uniqueName('carol'))
    const online = { status: 'AVAILABLE', online: true }
    const [came] = await presence.next(({ name }) => name === carol.name)
    expect(came).toEqual(aUser(carol.name, { isGuest: true, presence: online }))
    await done(carol.client.updateCurrentUser((user) => ({ ...user, displayName: 'Carol' })))
    const [changed] = await updates.next(({ name }) => name === carol.name)
    expect(changed).toEqual(aUser(carol.name, { displayName: 'Carol' }))
    presence.items.length = 0
    await disconnect(carol)
    const [left] = await presence.next(({ name }) => name === carol.name)
    expect(left.presence).toEqual({ status: 'UNAVAILABLE', online: false })
  })

  it('are online as long as one of their devices is', async () => {
    const presence = collect(alice.client.onUserPresenceChanged)
    const name = uniqueName('carol')
    const laptop = await connect(server, server.main, name)
    const phone = await connect(server, server.main, name)
    await disconnect(laptop)
    const { user } = await done(alice.client.retrieveUser(phone.user.id))
    expect(user.presence).toEqual({ status: 'AVAILABLE', online: true })
    await disconnect(phone)
    await presence.next(({ name: who, presence: { online } }) => who === name && !online)
    expect(
      presence.items.map(
        ([
          {
            presence: { online },
          },
        ]) => online,
      ),
    ).toEqual([true, false])
  })

  it('may be invisible', async () => {
    const presence = collect(alice.client.onUserPresenceChanged)
    const carol = await connect(server, server.main, uniqueName('carol'))
    const { user } = await done(
      carol.client.updateCurrentUser((self) => ({
        ...self,
        presence: { ...self.presence, status: 'INVISIBLE' },
      })),
    )
    expect(user.presence).toEqual({ status: 'INVISIBLE', online: true })
    const [seen] = await presence.next(({ name, presence: { online } }) => name === carol.name && !online)
    expect(seen.presence).toEqual({ status: 'UNAVAILABLE', online: false })
    await disconnect(carol)
  })
})

describe('blocking', () => {
  it('is delivered, listed, and undone', async () => {
    const blocked = collect(alice.client.onUserBlocked)
    const unblocked = collect(alice.client.onUserUnblocked)
    const { user: seen } = await done(alice.client.retrieveUser(bob.user.id))
    const { user } = await done(alice.client.blockUser({ user: seen }))
    expect(user).toEqual(aUser('bob'))
    const record = aBlockRecord({ user: aUser('bob') })
    expect((await blocked.next())[0]).toEqual(record)
    const { paginator } = await done(alice.client.listUserBlockedRecords({}))
    expect(paginator.items).toEqual([record])
    const list = async (filter: ListUsersFilter) =>
      (await done(alice.client.listUserBlockedRecords({ filter }))).paginator.items
    expect(await list({ name: 'bob' })).toHaveLength(1)
    expect(await list({ name: 'nobody' })).toEqual([])

    const direct = bob.client.createChannel({ type: 'DIRECT', members: [{ username: 'alice' }] })
    expect((await refused(direct)).error).toBe('UserBlockedError')

    const [item] = paginator.items
    const { user: free } = await done(
      alice.client.deleteUserBlockedRecord({ item: item as UserBlockedRecord }),
    )
    expect(free).toEqual(aUser('bob'))
    expect((await unblocked.next())[0]).toEqual(aUser('bob'))
    await done(bob.client.createChannel({ type: 'DIRECT', members: [{ username: 'alice' }] }))
  })

  it("hides the blocked user's messages", async () => {
    const carol = await connect(server, server.main, uniqueName('carol'))
    const members = [{ username: 'alice' }, { username: carol.name }]
    const channel = await createChannel(server.main, { name: uniqueName('group'), members })
    const { user } = await done(alice.client.retrieveUser(carol.user.id))
    await done(alice.client.blockUser({ user }))
    const typing = collect(alice.client.onParticipantStartedTyping)
    const notified = collect(alice.client.onNotificationReceived)
    const { channel: seen } = await done(carol.client.retrieveChannel(channel.id))
    carol.client.sendKeystrokes({ channel: seen, keys: 'Hey' })
    await done(carol.client.sendMessage({ channel: seen, body: 'Hey' }))
    await server.main.post(`/channels/${channel.id}/messages`, { type: 'TEXT', body: 'System' }).expect(200)
    await notified.next(({ body }) => body === 'System')
    expect(notified.items.map(([{ body }]) => body)).toEqual(['System'])
    expect(typing.items).toEqual([])
    await disconnect(carol)
  })

  it('is refused for oneself', async () => {
    const { user } = await done(bob.client.retrieveUser(bob.user.id))
    const { error } = await refused(bob.client.blockUser({ user }))
    expect(['ClientError', 'ValidationError', 'AccessDeniedError']).toContain(error)
  })
})

describe('deleting', () => {
  it('is allowed for oneself only, and ends the session for good', async () => {
    const { user: other } = await done(bob.client.retrieveUser(alice.user.id))
    expect((await refused(bob.client.deleteUser({ user: other }))).error).toBe('AccessDeniedError')

    const dora = await connect(server, server.main, uniqueName('dora'))
    const { user } = await done(dora.client.deleteUser({ user: dora.user }))
    expect(user).toMatchObject({ id: dora.user.id })
    await server.main.get(`/users/${user.id}`).expect(404)
    const [socket] = dora.wire.sockets
    await expect.poll(() => socket?.readyState).toBe(WebSocket.CLOSED)
    const last = dora.wire.frames.findLast(({ command }) => command === 'ERROR')
    expect(JSON.parse(last?.body ?? '{}')).toMatchObject({ error: 'AccessDeniedError' })
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
