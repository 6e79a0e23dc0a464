// All pages together are exactly the list. They are read over HTTP by following the links in the pages.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

/** A page as a client receives it. */
interface Page {
  items: Item[]
  ids: string[]
  total: number
  links: Partial<Record<'self' | 'first' | 'prev' | 'next' | 'last', Link>>
}

interface Link {
  href: string
}

type Item = Record<string, unknown> & {
  _links: { self: Link; member?: never } | { self?: never; member: Link }
}

interface Body {
  _embedded: Record<string, Item[]>
  page: { total: number; totalElements?: never } | { total?: never; totalElements: number }
  _links: Page['links']
}

async function read(href: string): Promise<Page> {
  const answer = await fetch(new URL(href, server.url), {
    headers: { authorization: `Bearer ${server.main.token}` },
  })
  const body = (await answer.json()) as Body
  expect(answer.status, JSON.stringify(body)).toBe(200)
  const [items = []] = Object.values(body._embedded)
  return {
    items,
    ids: items.map(({ _links }) => (_links.self ?? _links.member).href),
    total: body.page.total ?? body.page.totalElements,
    links: body._links,
  }
}

/** The page, and all pages that follow from it by links with this relation. */
async function follow(rel: 'next' | 'prev', from: Page): Promise<Page[]> {
  const pages = [from]
  for (let link = from.links[rel]; link; link = pages.at(-1)?.links[rel]) pages.push(await read(link.href))
  return pages
}

const joined = (pages: Page[]) => pages.flatMap(({ ids }) => ids)

describe('pages by number', () => {
  const people = 9
  const sorts = {
    users: ['id', 'name', 'displayName', 'isGuest', 'createdTime'],
    channels: ['id', 'name', 'displayName', 'type', 'createdTime'],
    memberships: ['id', 'createdTime'],
  }
  const lists: { path: string; total: number; sortable: string[] }[] = []

  beforeAll(async () => {
    const users: UserDocument[] = []
    for (let at = 0; at < people; at += 1) {
      users.push(
        await createUser(server.main, {
          name: `${at % 2 ? 'Anna' : 'ben'}${at}`,
          displayName: ['Ada', 'bob', 'Cy'][at % 3],
          isGuest: at % 4 === 0,
          properties: { even: at % 2 === 0 },
        }),
      )
    }
    const [first, second, third] = users as [UserDocument, UserDocument, UserDocument]
    const members = users.map(({ id }) => ({ id }))
    const group = await createChannel(server.main, { name: 'Group', creator: { id: first.id }, members })
    await server.main.post(`/channels/${group.id}/moderators`, { id: second.id }).expect(200)
    for (const [at, type] of ['PUBLIC', 'PRIVATE', 'PUBLIC', 'PRIVATE'].entries()) {
      const names = {
        name: `${at % 2 ? 'Room' : 'hall'}${at}`,
        displayName: 'Same',
        properties: { even: at % 2 === 0 },
      }
      await createChannel(server.main, { type, ...names, creator: { id: first.id } })
    }
    for (const other of [second, third]) {
      await createChannel(server.main, { type: 'DIRECT', members: [{ id: first.id }, { id: other.id }] })
    }
    lists.push(
      { path: '/users?', total: people, sortable: sorts.users },
      { path: '/users?properties={"even":true}&', total: 5, sortable: sorts.users },
      { path: '/channels?', total: 7, sortable: sorts.channels },
      { path: '/channels?type=PUBLIC&', total: 3, sortable: sorts.channels },
      { path: `/channels?members=${first.name},${second.name}&`, total: 2, sortable: sorts.channels },
      { path: `/users/${first.id}/channels?`, total: 7, sortable: sorts.channels },
      { path: `/channels/${group.id}/members?`, total: people, sortable: sorts.users },
      { path: `/channels/${group.id}/moderators?`, total: 2, sortable: sorts.users },
      { path: `/channels/${group.id}/memberships?`, total: people, sortable: sorts.memberships },
    )
  })

  it('join into the whole list, forwards and backwards, with every size and sort', async () => {
    const requests = fc.nat(8).chain((at) => {
      const list = lists[at % lists.length] as (typeof lists)[number]
      return fc.record({
        list: fc.constant(list),
        size: fc.integer({ min: 1, max: list.total + 1 }),
        sort: fc.array(fc.tuple(fc.constantFrom(...list.sortable), fc.constantFrom('asc', 'desc')), {
          maxLength: 2,
        }),
      })
    })
    await fc.assert(
      fc.asyncProperty(requests, async ({ list, size, sort }) => {
        const path = `/v1${list.path}${sort.map((criterion) => `sort=${criterion}&`).join('')}`
        const whole = await read(`${path}size=100`)
        const first = await read(`${path}size=${size}`)
        const pages = await follow('next', first)
        const backwards = await follow('prev', await read((first.links.last ?? first.links.self)?.href ?? ''))

        expect(new Set(whole.ids).size).toBe(list.total)
        expect(joined(pages)).toEqual(whole.ids)
        expect(joined(backwards.reverse())).toEqual(whole.ids)
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([list.total]))
        expect(pages.length).toBe(Math.ceil(list.total / size))
        mustBeSorted(whole.items, sort)
      }),
      { numRuns: 40 },
    )
  })

  it('sort by name, whatever its case, by default', async () => {
    for (const path of ['/v1/users', '/v1/channels']) {
      mustBeSorted(
        (await read(path)).items.filter(({ type }) => type !== 'DIRECT'),
        [['name', 'asc']],
      )
    }
  })
})

const types = ['DIRECT', 'PUBLIC', 'PRIVATE']

/**
 * Checks the order only by properties that the items contain: the names of direct channels and the times of users are
 * not part of them.
 */
function mustBeSorted(items: Record<string, unknown>[], sort: [string, string][]): void {
  const [most = {}] = items.toSorted((a, b) => Object.keys(b).length - Object.keys(a).length)
  if (sort.some(([property]) => !(property in most))) return
  const key = (item: Record<string, unknown>, property: string) => {
    const value = item[property]
    if (property === 'type') return types.indexOf(String(value))
    return typeof value === 'string' ? value.toLowerCase() : Number(value)
  }
  const named = sort.some(([property]) => /name/i.test(property))
  const shown = named ? items.filter(({ type }) => type !== 'DIRECT') : items
  const expected = shown.toSorted((a, b) => {
    for (const [property, direction] of sort) {
      const [left, right] = [key(a, property), key(b, property)]
      if (left !== right) return left < right === (direction === 'asc') ? -1 : 1
    }
    return 0
  })
  expect(shown.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
}

describe('pages by cursor', () => {
  interface Kept {
    id: number
    channelId: number
    username: string | undefined
    body: string
  }
  /** The existing messages, by id. */
  const kept = new Map<number, Kept>()
  const users = ['jane', 'john']
  const channels: number[] = []
  const ids = new Map<string, number>()

  beforeAll(async () => {
    for (const name of users) ids.set(name, (await createUser(server.main, { name })).id)
    for (const name of ['one', 'two']) channels.push((await createChannel(server.main, { name })).id)
  })

  const words = fc.constantFrom('Hello', 'hello world', '100%', 'a_b', 'axb', 'back\\slash', 'Größe')
  const drafts = fc.record(
    { channel: fc.nat(1), username: fc.constantFrom(...users), body: words },
    { requiredKeys: ['channel', 'body'] },
  )
  const changes = fc.oneof(drafts, fc.record({ vanishes: fc.nat() }))
  type Change = typeof changes extends fc.Arbitrary<infer C> ? C : never

  const lists = fc
    .record({
      of: fc.constantFrom('channel', 'application', 'user'),
      username: fc.option(fc.constantFrom(...users), { nil: undefined }),
      query: fc.option(fc.constantFrom('hello', '%', '_', '\\', 'GRÖSSE', 'größe', 'nothing'), {
        nil: undefined,
      }),
      size: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ of, size, ...filters }) => ({ of, size, ...(of === 'user' ? {} : filters) }) as List)
  interface List {
    of: 'channel' | 'application' | 'user'
    size: number
    username?: string
    query?: string
  }

  function pathOf({ of, username, query, size }: List): string {
    const path = {
      channel: `/channels/${channels[0]}/messages`,
      application: '/messages',
      user: `/users/${ids.get('jane')}/messages`,
    }
    const filters = Object.entries({ username, query }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    )
    return `/v1${path[of]}?${new URLSearchParams([...filters, ['size', String(size)]])}`
  }

  function isIn(list: List, message: Kept): boolean {
    if (list.of === 'channel' && message.channelId !== channels[0]) return false
    if (list.of === 'user' && message.username !== 'jane') return false
    if (list.username !== undefined && message.username !== list.username) return false
    return list.query === undefined || message.body.toLowerCase().includes(list.query.toLowerCase())
  }

  /** The expected items of a list, newest first. */
  function listed(list: List): string[] {
    return [...kept.values()]
      .filter((message) => isIn(list, message))
      .sort((a, b) => b.id - a.id)
      .map(({ id }) => hrefOf(id))
  }

  const hrefOf = (id: number) => `${server.url}/v1/applications/${server.main.id}/messages/${id}`

  /** Applies a change. `vanishes` is the index of the message to delete, counted from the oldest. */
  async function apply(change: Change): Promise<void> {
    if ('vanishes' in change) {
      const all = [...kept.keys()].sort((a, b) => a - b)
      const id = all[change.vanishes % all.length]
      if (id === undefined) return
      await server.main.delete(`/messages/${id}`).expect(200)
      kept.delete(id)
      return
    }
    const { channel, username, body } = change
    const user = username === undefined ? undefined : { username }
    const { id, channelId } = await sendMessage(server.main, channels[channel] ?? 0, { body, user })
    kept.set(id, { id, channelId, body, username })
  }

  async function start(messages: Change[]): Promise<void> {
    await server.main.delete('/messages').expect(200)
    kept.clear()
    await Promise.all(messages.map(apply))
  }

  it('join into the whole list, forwards and backwards, with and without filters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(drafts, { maxLength: 12 }), lists, async (messages, list) => {
        await start(messages)
        const forwards = await follow('next', await read(pathOf(list)))
        const backwards = await follow('prev', forwards.at(-1) as Page)

        expect(joined(forwards)).toEqual(listed(list))
        expect(backwards.reverse().map((page) => page.ids)).toEqual(forwards.map((page) => page.ids))
        for (const page of forwards) {
          expect(page.total).toBe(listed(list).length)
          expect((await read(page.links.self?.href ?? '')).ids).toEqual(page.ids)
        }
      }),
      { numRuns: 40 },
    )
  })

  /** Reads all pages, and applies changes before each page except the first. */
  async function walk(list: List, rel: 'next' | 'prev', from: Page, world: Change[][]) {
    const throughout = new Set(listed(list))
    const ever = new Set(throughout)
    const seen = [...from.ids]
    let last = from
    let before = listed(list)
    for (let link = from.links[rel]; link; link = last.links[rel]) {
      for (const change of world.shift() ?? []) await apply(change)
      before = listed(list)
      for (const id of before) ever.add(id)
      for (const id of throughout.difference(new Set(before))) throughout.delete(id)
      last = await read(link.href)
      seen.push(...last.ids)
    }
    expect(new Set(seen).size, 'nothing is seen twice').toBe(seen.length)
    expect([...throughout.difference(new Set(seen))], 'all that stayed is seen').toEqual([])
    expect(
      seen.filter((id) => !ever.has(id)),
      'nothing else is seen',
    ).toEqual([])
    return last
  }

  it('show unchanged rows exactly once and none twice while rows are inserted and deleted, in both directions', async () => {
    const worlds = fc.array(fc.array(changes, { maxLength: 4 }), { maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(fc.array(drafts, { maxLength: 10 }), lists, worlds, async (messages, list, world) => {
        await start(messages)
        const last = await walk(list, 'next', await read(pathOf(list)), world)
        await walk(list, 'prev', last, world)
      }),
      { numRuns: 100 },
    )
  })

  it('lead back from an end that was deleted', async () => {
    await start(Array.from({ length: 6 }, () => ({ channel: 0, body: 'Hello' })))
    const list: List = { of: 'channel', size: 2 }
    const pages = await follow('next', await read(pathOf(list)))
    await apply({ vanishes: 0 })
    await apply({ vanishes: 0 })
    const end = await read(pages[1]?.links.next?.href ?? '')
    expect(end.ids).toEqual([])
    expect(joined((await follow('prev', end)).reverse())).toEqual(listed(list))
  })
})
