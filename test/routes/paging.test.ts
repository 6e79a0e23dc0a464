// Pages of lists and their links (contract section e).
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChannelDocument, MessageDocument, PageDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
/** An application with the users a to e. */
let main: TestApplication
/** A channel with seven messages, in the order of sending. */
let channel: ChannelDocument
let sent: MessageDocument[]
beforeAll(async () => {
  server = await shareServer()
  main = server.main
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await createUser(main, {
      name,
      displayName: name < 'c' ? 'early' : 'late',
      properties: { p: name < 'c' ? 1 : 2 },
    })
  }
  channel = await createChannel(main)
  sent = []
  for (let at = 1; at <= 7; at++) {
    sent.push(
      await sendMessage(main, channel.id, {
        body: `message ${at}`,
        ...(at % 2 && { user: { username: 'a' } }),
      }),
    )
  }
})
afterAll(() => server.close())

/** Returns the id of the n-th message, from 0. */
const idOf = (at: number) => sent[at]?.id as number
type Users = PageDocument<'users', UserDocument>
type Messages = PageDocument<'messages', MessageDocument>
const users = async (query: string): Promise<Users> => (await main.get(`/users${query}`).expect(200)).body
const names = (page: Users) => page._embedded.users.map(({ name }) => name)
const hrefs = (page: Pick<Users, '_links'>): Record<string, string> =>
  Object.fromEntries(Object.entries(page._links).map(([rel, link]) => [rel, (link as { href: string }).href]))
const get = async (href: string) => {
  const answer = await supertest(href).get('').set('authorization', `Bearer ${main.token}`).expect(200)
  return answer.body
}

describe('a page by number', () => {
  const at = (page: number, size = 2) => `${server.url}/v1/users?page=${page}&size=${size}`

  it('links, in this order, to the first, previous, same, next and last page where they exist', async () => {
    const first = await users('?size=2')
    expect(Object.entries(hrefs(first))).toEqual([
      ['first', at(0)],
      ['self', at(0)],
      ['next', at(1)],
      ['last', at(2)],
    ])
    const middle = await users('?size=2&page=1')
    expect(Object.entries(hrefs(middle))).toEqual([
      ['first', at(0)],
      ['prev', at(0)],
      ['self', at(1)],
      ['next', at(2)],
      ['last', at(2)],
    ])
    const last = await users('?page=2&size=2')
    expect(Object.entries(hrefs(last))).toEqual([
      ['first', at(0)],
      ['prev', at(1)],
      ['self', at(2)],
      ['last', at(2)],
    ])
    expect([...names(first), ...names(middle), ...names(last)]).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(last.page).toEqual({ size: 2, totalElements: 5, totalPages: 3, number: 2 })
  })

  it('links only to itself where it is the only one', async () => {
    expect(hrefs(await users(''))).toEqual({ self: at(0, 25) })
    const empty = await users('?name=nobody')
    expect(empty).toEqual({
      _embedded: { users: [] },
      _links: { self: { href: `${server.url}/v1/users?name=nobody&page=0&size=25` } },
      page: { size: 25, totalElements: 0, totalPages: 0, number: 0 },
    })
  })

  it('is empty past the end, and links back', async () => {
    const page = await users('?size=2&page=9')
    expect(names(page)).toEqual([])
    expect(page.page).toEqual({ size: 2, totalElements: 5, totalPages: 3, number: 9 })
    expect(hrefs(page)).toEqual({ first: at(0), prev: at(2), self: at(9), last: at(2) })
  })

  const clamped: [string, number, number][] = [
    ['?page=-1', 0, 25],
    ['?size=0', 0, 25],
    ['?size=-5', 0, 25],
    ['?size=101', 0, 100],
    ['?size=99999999999999999999999', 0, 100],
    ['?size=ten&page=two', 0, 25],
    ['?size=&page=', 0, 25],
    ['?size=2.5', 0, 25],
    ['?size=3&size=4&page=1&page=7', 1, 3],
  ]
  it.each(clamped)('%s is page %i of size %i', async (query, number, size) => {
    expect((await users(query)).page).toMatchObject({ number, size })
  })

  it('is found however far it is from the start', async () => {
    for (const page of ['2147483648', '9007199254740993', '99999999999999999999999']) {
      expect(names(await users(`?size=100&page=${page}`))).toEqual([])
    }
  })

  it('keeps filters in its links that are given in snake case', async () => {
    const time = '2020-01-01T00:00:00Z'
    const of = async (query: string) =>
      hrefs((await main.get(`/channels?size=1&${query}`).expect(200)).body).self
    const href = `${server.url}/v1/channels?startTime=${encodeURIComponent(time)}&page=0&size=1`
    expect(await of(`start_time=${time}`)).toBe(href)
    expect(await of(`start_time=2010-01-01T00:00:00Z&startTime=${time}`)).toBe(href)
  })

  it('is refused for a parameter by the one name that it has', async () => {
    const answer = main.get('/channels?startTime=x').accept('application/vnd.chatkitty+json')
    expect((await answer.expect(400)).body).toMatchObject({ field: 'startTime' })
  })

  it('keeps filters and sort in its links, correctly encoded', async () => {
    const filter = encodeURIComponent('{"p":2}')
    const page = await users(`?properties=${filter}&size=1&page=1&sort=displayName&sort=name,desc`)
    expect(names(page)).toEqual(['d'])
    const to = (number: number) =>
      `${server.url}/v1/users?properties=${filter}&page=${number}&size=1&sort=displayName&sort=name%2Cdesc`
    expect(hrefs(page)).toEqual({ first: to(0), prev: to(0), self: to(1), next: to(2), last: to(2) })
    expect(names(await get(hrefs(page).next ?? ''))).toEqual(['c'])
    const channels = await main
      .get('/channels?members=a&members=b&type=PUBLIC&startTime=2020-01-01T00:00:00Z')
      .expect(200)
    expect(hrefs(channels.body).self).toBe(
      `${server.url}/v1/channels?type=PUBLIC&members=a&members=b&startTime=2020-01-01T00%3A00%3A00Z&page=0&size=25`,
    )
  })

  it('ignores parameters that the list does not have', async () => {
    expect(hrefs(await users('?colour=red&access_token=x')).self).toBe(at(0, 25))
  })
})

describe('sort', () => {
  const sorted: [string, string[]][] = [
    ['sort=name', ['a', 'b', 'c', 'd', 'e']],
    ['sort=name,asc', ['a', 'b', 'c', 'd', 'e']],
    ['sort=name,desc', ['e', 'd', 'c', 'b', 'a']],
    ['sort=name,DESC', ['e', 'd', 'c', 'b', 'a']],
    ['sort=id,desc', ['e', 'd', 'c', 'b', 'a']],
    ['sort=createdTime,desc&sort=id', ['e', 'd', 'c', 'b', 'a']],
    ['sort=displayName,desc&sort=name,desc', ['e', 'd', 'c', 'b', 'a']],
    ['sort=display_name,desc&sort=name', ['c', 'd', 'e', 'a', 'b']],
    ['sort=displayName,name,desc', ['e', 'd', 'c', 'b', 'a']],
    ['sort=', ['a', 'b', 'c', 'd', 'e']],
  ]
  it.each(sorted)('%s', async (query, expected) => {
    expect(names(await users(`?${query}`))).toEqual(expected)
  })

  it.each([
    'colour',
    'properties',
    'constructor',
    '__proto__',
    'name;drop table',
    'name desc',
    ',',
    'desc',
    'u.id',
  ])('by %s is refused', async (property) => {
    const answer = await main.get(`/users?sort=${encodeURIComponent(property)}`)
    expectRefusal(answer, 400, 'ClientError')
  })

  it('lists the known properties in the error for an unknown one', async () => {
    const { body } = await main.get('/users?sort=colour').expect(400)
    expect(body).toMatchObject({ resource: 'user', field: 'sort', code: 'invalid' })
    expect(body.message).toMatch(/colour.*name/)
    for (const path of [
      '/channels',
      `/channels/${channel.id}/members`,
      `/channels/${channel.id}/memberships`,
    ]) {
      expectRefusal(await main.get(`${path}?sort=colour`), 400, 'ClientError')
    }
  })
})

describe('a page by cursor', () => {
  const path = () => `/channels/${channel.id}/messages`
  const list = async (query: string): Promise<Messages> => (await main.get(path() + query).expect(200)).body
  const numbers = (page: Messages) => page._embedded.messages.map(({ body }) => Number(body.slice(8)))

  it('links to itself and its neighbours by cursors, which it also contains as fields', async () => {
    const [start, next] = [idOf(6), idOf(4)]
    const page = await list('?size=2')
    const to = (relation: string) =>
      `${server.url}/v1${path()}?start=${start}&next=${next}&size=2&relation=${relation}`
    expect(numbers(page)).toEqual([7, 6])
    expect(Object.entries(hrefs(page))).toEqual([
      ['self', to('SELF')],
      ['next', to('NEXT')],
    ])
    expect(page.page).toEqual({ size: 2, total: 7, start: String(start), next: String(next) })
  })

  it('leads to the end and back', async () => {
    const seen = []
    let page = await list('?size=3')
    seen.push(numbers(page))
    for (const rel of ['next', 'next', 'prev', 'prev']) {
      page = await get(hrefs(page)[rel] ?? '')
      seen.push(numbers(page))
    }
    expect(seen).toEqual([[7, 6, 5], [4, 3, 2], [1], [4, 3, 2], [7, 6, 5]])
    expect(hrefs(page)).not.toHaveProperty('prev')
  })

  it('has no next at the end, in its links and in its fields', async () => {
    const page = await list(`?size=5&relation=NEXT&next=${idOf(1)}`)
    expect(numbers(page)).toEqual([2, 1])
    expect(page.page).toEqual({ size: 5, total: 7, start: String(idOf(1)) })
    const query = `?start=${idOf(1)}&size=5&relation=`
    expect(hrefs(page)).toEqual({
      self: `${server.url}/v1${path()}${query}SELF`,
      prev: `${server.url}/v1${path()}${query}PREVIOUS`,
    })
  })

  it('stays the same page, whatever was sent meanwhile', async () => {
    const own = await createChannel(main)
    for (const body of ['message 1', 'message 2']) await sendMessage(main, own.id, { body })
    const { body: page } = await main.get(`/channels/${own.id}/messages`)
    await sendMessage(main, own.id, { body: 'message 3' })
    const again = await get(hrefs(page).self ?? '')
    expect(numbers(again)).toEqual([2, 1])
    expect(numbers(await get(hrefs(again).prev ?? ''))).toEqual([3])
  })

  it('stays valid when the message of its cursor is deleted', async () => {
    const own = await createChannel(main)
    const messages = []
    for (let at = 1; at <= 4; at++) messages.push(await sendMessage(main, own.id, { body: `message ${at}` }))
    const { body: page } = await main.get(`/channels/${own.id}/messages?size=2`)
    await main.delete(`/messages/${messages[1]?.id}`).expect(200)
    expect(numbers(await get(hrefs(page).next ?? ''))).toEqual([1])
  })

  it('keeps filters in its links', async () => {
    const page = await list('?username=a&query=MESSAGE%20&size=2')
    expect(numbers(page)).toEqual([7, 5])
    const next = hrefs(page).next ?? ''
    expect(next).toContain('?username=a&query=MESSAGE+&start=')
    expect(numbers(await get(next))).toEqual([3, 1])
    expect(page.page.total).toBe(4)
  })

  it('is empty for an empty list', async () => {
    const own = await createChannel(main)
    const { body } = await main.get(`/channels/${own.id}/messages`).expect(200)
    expect(body).toEqual({
      _embedded: { messages: [] },
      _links: { self: { href: `${server.url}/v1/channels/${own.id}/messages?size=25&relation=SELF` } },
      page: { size: 25, total: 0 },
    })
    expect(numbers(await list('?relation=NEXT&next=1'))).toEqual([])
    expect(numbers(await list(`?relation=PREVIOUS&start=${idOf(6)}`))).toEqual([])
  })

  it('clamps its size', async () => {
    for (const [query, size] of Object.entries({ '?size=0': 25, '?size=x': 25, '?size=101': 100 })) {
      expect((await list(query)).page.size).toBe(size)
    }
  })

  it.each([
    'start=x',
    'next=-1',
    'start=1.5',
    'next=9007199254740993',
    'start=%00',
    'relation=LAST',
    'relation=self',
  ])('refuses %s, which occurs in no link', async (query) => {
    const answer = await main.get(`${path()}?${query}`)
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body).toMatchObject({ field: query.split('=')[0], code: 'invalid' })
  })
})

describe('the origin of links', () => {
  const self = async (test: supertest.Test) => {
    const { body } = await test.set('authorization', `Bearer ${main.token}`).expect(200)
    return [
      body._links.self.href,
      body._embedded.users[0]._links.self.href,
      body._embedded.users[0].displayPictureUrl,
    ]
  }
  const inside = (origin: string) => [
    expect.stringMatching(new RegExp(`^${origin}/v1/users\\?`)),
    expect.stringMatching(new RegExp(`^${origin}/v1/applications/\\d+/users/\\d+$`)),
    expect.stringMatching(new RegExp(`^${origin}/v1/picture/`)),
  ]

  it('is the Host of the request', async () => {
    const test = supertest(server.url).get('/v1/users').set('host', 'chat.internal:8080')
    expect(await self(test)).toEqual(inside('http://chat.internal:8080'))
  })

  it('is the forwarded host of a trusted proxy', async () => {
    const other = await startServer({ TRUST_PROXY: 'loopback' })
    try {
      await createUser(other.main)
      const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example.com' }
      const trusted = await other.main.get('/users').set(forwarded).expect(200)
      expect(trusted.body._links.self.href).toMatch(/^https:\/\/chat\.example\.com\/v1\/users\?/)
      const test = supertest(server.url).get('/v1/users').set(forwarded)
      expect(await self(test)).toEqual(inside(server.url))
    } finally {
      await other.close()
    }
  })

  it('is PUBLIC_URL where that is set, including its path, for every client', async () => {
    const other = await startServer({ PUBLIC_URL: 'https://public.example.com/chat/' })
    try {
      await createUser(other.main)
      const { body } = await other.main.get('/users').set('x-forwarded-host', 'evil.example.com').expect(200)
      const links = [body._links.self.href, body._embedded.users[0]._links.self.href]
      expect(links).toEqual(inside('https://public.example.com/chat').slice(0, 2))
      const root = await supertest(other.url).get('/').set('accept', 'application/json').expect(200)
      expect(root.body._links.application.href).toBe('https://public.example.com/chat/application')
    } finally {
      await other.close()
    }
  })
})
