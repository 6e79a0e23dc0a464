// The lists of channels that users see, and their order.

import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { countUserChannels } from '#domain/channels/count-user-channels.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { listJoinableChannels } from '#domain/channels/list-joinable-channels.ts'
import { listUnreadChannels } from '#domain/channels/list-unread-channels.ts'
import { listVisibleChannels, type UserChannelFilters } from '#domain/channels/list-visible-channels.ts'
import { clearHistory } from '#domain/channels/members/clear-history.ts'
import { hideChannel } from '#domain/channels/members/hide-channel.ts'
import { leaveChannel } from '#domain/channels/members/leave-channel.ts'
import { deleteMessageForMe } from '#domain/messages/delete-message-for-me.ts'
import { readChannel } from '#domain/messages/reading/read-channel.ts'
import { unreadMessage } from '#domain/messages/reading/unread-message.ts'
import type { ChannelType, SeenChannel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { callerOf } from '../../support/as-user.ts'
import { createUser, sendMessage } from '../../support/factories.ts'
import { type HeldEvents, holdEvents } from '../../support/held-events.ts'
import { importFile } from '../../support/jobs.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let events: HeldEvents
let application: TestApplication
let user: UserCaller
let other: UserCaller
const channels = new Map<string, number>()

beforeAll(async () => {
  server = await startServer()
  events = await holdEvents(server)
})
afterAll(async () => {
  await events.close()
  await server.close()
})

beforeEach(async () => {
  application = await server.createApplication()
  user = callerOf(application, await createUser(application))
  other = callerOf(application, await createUser(application))
  channels.clear()
  for (const name of ['mine', 'theirs']) {
    for (const type of ['PUBLIC', 'PRIVATE'] as const) await create(name, type)
  }
  await create('mine', 'DIRECT')
})

async function create(owner: string, type: ChannelType): Promise<void> {
  const both = owner === 'mine' ? [{ id: user.userId }] : []
  const { channel } = await createChannel(server.ctx, other, {
    type,
    members: both,
    ...(type !== 'DIRECT' && { name: `${owner} ${type} ${uuid()}` }),
  })
  channels.set(`${owner} ${type}`, channel.id)
}

const id = (name: string) => channels.get(name) as number
const all: PageRequest = { number: 0, size: 25, sort: [] }
function names({ items, total }: Page<SeenChannel>, whole = true): string[] {
  if (whole) expect(items).toHaveLength(total)
  return items.map((item) => [...channels].find(([, id]) => id === item.id)?.[0] ?? String(item.id))
}
const visible = async (filters: UserChannelFilters = {}) =>
  names(await listVisibleChannels(server.ctx, user, filters, all))
const joined = () => visible({ subscribable: true })
const joinable = async (name?: string) => names(await listJoinableChannels(server.ctx, user, { name }, all))
const unread = async (name?: string) => names(await listUnreadChannels(server.ctx, user, { name }, all))
const count = (filters: Parameters<typeof countUserChannels>[2]) =>
  countUserChannels(server.ctx, user, filters)

describe('filters', () => {
  it('a user sees its own channels and public ones, and may join public ones that are not its own', async () => {
    const own = ['mine DIRECT', 'mine PRIVATE', 'mine PUBLIC']
    expect((await joined()).sort()).toEqual(own)
    expect(await joinable()).toEqual(['theirs PUBLIC'])
    expect((await visible()).sort()).toEqual([...own, 'theirs PUBLIC'])
    expect(await count({})).toBe(4)
    expect(await count({ type: 'PUBLIC' })).toBe(2)
    expect(await count({ type: 'PRIVATE' })).toBe(1)
    const { items } = await listVisibleChannels(server.ctx, user, {}, all)
    expect(items.map(({ standing }) => standing).sort()).toEqual(['member', 'member', 'member', 'outsider'])
  })

  it('channels that the user left, is blocked in or has hidden are not listed', async () => {
    await leaveChannel(server.ctx, user, id('mine PUBLIC'), {})
    await hideChannel(server.ctx, user, id('mine DIRECT'))
    await blockChannelUser(server.ctx, other, id('theirs PUBLIC'), { id: user.userId })
    expect(await visible()).toEqual(['mine PRIVATE', 'mine PUBLIC'])
    expect(await joinable()).toEqual(['mine PUBLIC'])
    expect(await joined()).toEqual(['mine PRIVATE'])
    expect(await count({})).toBe(2)
    await application.delete(`/channels/${id('mine PUBLIC')}`).expect(200)
    expect(await joinable()).toEqual([])
    expect(await count({})).toBe(1)
  })

  it('groups are found by a part of their name, whatever its case; % and _ are taken literally', async () => {
    expect((await visible({ name: 'INE pub' })).sort()).toEqual(['mine PUBLIC'])
    expect((await visible({ name: 'public' })).sort()).toEqual(['mine PUBLIC', 'theirs PUBLIC'])
    expect(await visible({ name: 'public', subscribable: true })).toEqual(['mine PUBLIC'])
    expect(await joinable('PUBLIC')).toEqual(['theirs PUBLIC'])
    expect(await visible({ name: '%' })).toEqual([])
    expect(await joinable('theirs private')).toEqual([])
  })
})

describe('order', () => {
  it('channels are sorted by their newest message, dispatched or not, or by their age', async () => {
    expect(await visible()).toEqual(['mine DIRECT', 'theirs PUBLIC', 'mine PRIVATE', 'mine PUBLIC'])
    await sendMessage(application, id('mine PUBLIC'))
    await sendMessage(application, id('mine PRIVATE'))
    await sendMessage(application, id('theirs PUBLIC'))
    const order = ['theirs PUBLIC', 'mine PRIVATE', 'mine PUBLIC', 'mine DIRECT']
    expect(await visible()).toEqual(order)
    await dispatch()
    expect(await visible()).toEqual(order)
    expect(await joined()).toEqual(order.slice(1))
  })

  it('pages of joinable channels join into the whole list while messages arrive before them', async () => {
    for (let made = 0; made < 7; made++) {
      channels.delete('theirs PUBLIC')
      await create('theirs', 'PUBLIC')
      channels.set(`open ${made}`, id('theirs PUBLIC'))
    }
    channels.delete('theirs PUBLIC')
    for (const made of [3, 0, 5]) await sendMessage(application, id(`open ${made}`))
    await dispatch()
    for (const made of [6, 0]) await sendMessage(application, id(`open ${made}`))
    const expected = [0, 6, 5, 3, 4, 2, 1].map((made) => `open ${made}`)
    const pages = []
    for (const number of [0, 1, 2, 3]) {
      const page = await listJoinableChannels(server.ctx, user, {}, { ...all, number, size: 2 })
      expect(page.total).toBe(8)
      pages.push(...names(page, false))
    }
    expect(pages.slice(0, 7)).toEqual(expected)
    expect(await listJoinableChannels(server.ctx, user, {}, { ...all, number: 9 })).toMatchObject({
      items: [],
      total: 8,
    })
  })

  it('imported channels have their place in the order, and imported messages move them', async () => {
    const [older, newer] = [uuid(), uuid()]
    await importFile(application, 'channels', [
      { type: 'PUBLIC', name: older },
      { type: 'PUBLIC', name: newer },
    ])
    const found = async () => (await listJoinableChannels(server.ctx, user, {}, all)).items
    const ids = (await found()).slice(0, 2).map(({ id }) => id)
    expect((await found()).slice(0, 2)).toMatchObject([{ name: newer }, { name: older }])
    await importFile(application, 'messages', [{ type: 'SYSTEM_TEXT', channelId: ids[1], body: 'Long ago' }])
    expect((await found()).slice(0, 2)).toMatchObject([{ name: older }, { name: newer }])
    expect(await count({ type: 'PUBLIC' })).toBe(4)
  })

  it('another sort may be requested; an unknown one is ignored', async () => {
    const by = (property: string, descending = false) =>
      listVisibleChannels(server.ctx, user, {}, { ...all, sort: [{ property, descending }] })
    const byName = names(await by('name')).filter((name) => name !== 'mine DIRECT')
    expect(byName).toEqual(['mine PRIVATE', 'mine PUBLIC', 'theirs PUBLIC'])
    expect(names(await by('name', true)).filter((name) => name !== 'mine DIRECT')).toEqual(byName.reverse())
    expect(names(await by('nonsense'))).toEqual(await visible())
  })
})

async function dispatch(): Promise<void> {
  for (;;) {
    await events.take()
    const [row] = await server.ctx.db.query({ text: 'select count(*) from outbox_event' }, [])
    if (row?.[0] === 0) return
  }
}

describe('unread channels', () => {
  const byOther = () => ({ user: { id: other.userId } })

  it('are those with a message by others that the user has not read', async () => {
    expect(await unread()).toEqual([])
    const [group, direct] = [id('mine PRIVATE'), id('mine DIRECT')]
    const first = await sendMessage(application, group, byOther())
    await sendMessage(application, group, { user: { id: user.userId } })
    await sendMessage(application, direct)
    await sendMessage(application, id('mine PUBLIC'), { user: { id: user.userId } })
    await sendMessage(application, id('theirs PUBLIC'), byOther())
    expect(await unread()).toEqual(['mine DIRECT', 'mine PRIVATE'])
    expect(await unread('PRIVATE')).toEqual(['mine PRIVATE'])
    expect(await count({ unread: true })).toBe(2)
    expect(await count({ unread: true, type: 'DIRECT' })).toBe(1)
    await readChannel(server.ctx, user, group)
    await readChannel(server.ctx, user, direct)
    expect(await unread()).toEqual([])
    await unreadMessage(server.ctx, user, first.id)
    expect(await unread()).toEqual(['mine PRIVATE'])
    await clearHistory(server.ctx, user, group)
    expect(await unread()).toEqual([])
  })

  it('are those with a message after the last one read, without messages that the user has deleted for itself', async () => {
    const group = id('mine PRIVATE')
    const sent = []
    for (let count = 0; count < 5; count++) sent.push((await sendMessage(application, group, byOther())).id)
    await readChannel(server.ctx, user, group)
    const [first, , third] = sent as [number, number, number]
    await unreadMessage(server.ctx, user, third)
    await unreadMessage(server.ctx, user, first)
    await deleteMessageForMe(server.ctx, user, third)
    expect(await unread()).toEqual(['mine PRIVATE'])
    await deleteMessageForMe(server.ctx, user, first)
    expect(await unread()).toEqual([])
  })
})
