// The cost of reading a page: the number of statements, and their query plans for a large table.
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Statement } from '#data/database.ts'
import { checkResponse } from '../support/check-response.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'

type Asked = [Statement, unknown[]]

let server: TestServer
/** The statements of the current request, without those that run in the background. */
const asked = new AsyncLocalStorage<Asked[]>()
/** The same list, for sends: they are committed in groups, outside the async context of any request. */
let atHand: Asked[] = []
beforeAll(async () => {
  server = await startServer()
  const { db } = server.ctx
  const query = db.query
  db.query = (statement, values) => {
    const isSend = statement.name?.startsWith('send-message')
    const request = asked.getStore() ?? (isSend ? atHand : undefined)
    request?.push([statement, values])
    return query(statement, values)
  }
})
afterAll(() => server.close())

/** The statements that `work` runs, except the look-up of its token. */
async function statementsOf(work: () => PromiseLike<unknown>): Promise<Asked[]> {
  const statements: Asked[] = []
  atHand = statements
  await asked.run(statements, work)
  return statements.filter(([{ name }]) => name !== 'find-token')
}

async function request(method: 'GET' | 'POST', path: string, payload?: object): Promise<void> {
  const headers = { authorization: `Bearer ${server.main.token}` }
  const answer = await server.app.inject({
    method,
    url: encodeURI(`/v1${path}`),
    headers,
    ...(payload && { payload }),
  })
  expect(answer.statusCode, answer.body).toBe(200)
  checkResponse(method, `/v1${path}`, answer.statusCode, String(answer.headers['content-type']), answer.body)
}

const get = (path: string) => () => request('GET', path)

describe('a page is read in a fixed number of statements, whatever its size', () => {
  const rooms = { plain: 0, mentioning: 0 }
  let member: { id: number; name: string }

  beforeAll(async () => {
    member = await createUser(server.main, { name: 'member' })
    const names = ['a', 'b', 'c']
    for (const name of names) await createUser(server.main, { name })
    rooms.plain = (await createChannel(server.main, { name: 'plain', members: [{ id: member.id }] })).id
    rooms.mentioning = (await createChannel(server.main, { name: 'mentioning' })).id
    for (const name of names) {
      await createChannel(server.main, { type: 'DIRECT', members: [{ username: name }, { id: member.id }] })
      await sendMessage(server.main, rooms.plain, { user: { username: name } })
      await sendMessage(server.main, rooms.mentioning, {
        body: `<@${name}> in <#plain>`,
        user: { id: member.id },
      })
    }
  })

  // For messages, one of the statements reads authors that are not cached yet.
  it.each([
    ['messages of a channel', () => `/channels/${rooms.plain}/messages?`, 2],
    ['messages of a channel that mention somebody', () => `/channels/${rooms.mentioning}/messages?`, 4],
    [
      'messages found by author and text',
      () => `/channels/${rooms.plain}/messages?username=a&query=hello&`,
      2,
    ],
    ['messages of a user', () => `/users/${member.id}/messages?`, 4],
    ['messages of the application', () => '/messages?', 4],
    ['users', () => '/users?', 1],
    ['group channels', () => '/channels?type=PUBLIC&', 3],
    ['channels, direct ones with their members', () => '/channels?', 4],
    ['members', () => `/channels/${rooms.plain}/members?`, 2],
    ["a user's channels", () => `/users/${member.id}/channels?`, 5],
  ])('%s', async (_what, path, atMost) => {
    const small = await statementsOf(get(`${path()}size=2`))
    const large = await statementsOf(get(`${path()}size=100`))
    expect(large.length).toBeLessThanOrEqual(atMost)
    expect(small.length).toBeLessThanOrEqual(atMost)
    expect(large.length).toBeGreaterThan(0)
  })
})

describe('a list is planned once for each sort, whatever its values', () => {
  it.each([
    ['/users?page=', '/users?page='],
    ['/users?name=', '/users?name='],
    ['/users?sort=name,desc&page=', '/users?sort=name,desc&page='],
    ['/channels?page=', '/channels?page='],
    ['/channels?type=PUBLIC&page=', '/channels?type=PRIVATE&page='],
    ['/jobs?page=', '/jobs?page='],
    ['/user-sessions?page=', '/user-sessions?page='],
    ['/chat-sessions?sort=createdTime,desc&page=', '/chat-sessions?sort=createdTime,desc&page='],
  ])('%s', async (one, another) => {
    const asked = [...(await statementsOf(get(`${one}0`))), ...(await statementsOf(get(`${another}1`)))]
    const lists = asked.filter(([{ name = '' }]) => name === '' || name.startsWith('list-'))
    expect(lists).toHaveLength(2)
    const [[first], [second]] = lists as [Asked, Asked]
    expect(first.name).toMatch(/^[\w-]{1,63}$/) // Postgres truncates longer names
    expect([second.name, second.text]).toEqual([first.name, first.text])
  })

  it('by several properties, it is planned each time, so that connections do not keep all combinations', async () => {
    const [list] = await statementsOf(get('/users?sort=name&sort=id'))
    expect(list?.[0].name).toBeUndefined()
  })
})

describe('among thousands of messages, no list scans row by row', () => {
  let client: pg.Client
  const ids = { channel: 0, hot: 0, user: 0, message: 0 }

  beforeAll(async () => {
    client = new pg.Client({ connectionString: String(server.ctx.db.pool.options.connectionString) })
    await client.connect()
    const others = await server.createApplication()
    ids.hot = (await createChannel(server.main, { name: 'hot' })).id
    await client.query(`
      insert into "user" (application_id, name, display_name)
        select a, 'writer ' || n, 'Writer' from unnest(array[${server.main.id}, ${others.id}]) a, generate_series(1, 500) n;
      insert into channel (application_id, type, name, display_name)
        select a, 'PUBLIC', 'room ' || n, 'Room' from unnest(array[${server.main.id}, ${others.id}]) a, generate_series(1, 100) n;
      with rooms as (select id, application_id, row_number() over (partition by application_id order by id) - 1 as nth
                     from channel where name like 'room %'),
           writers as (select id, application_id, row_number() over (partition by application_id order by id) - 1 as nth
                       from "user" where name like 'writer %')
      insert into message (application_id, channel_id, type, user_id, body)
        select r.application_id, r.id, 'TEXT', w.id, 'message number ' || n
        from generate_series(1, 10000) n
        join rooms r on r.nth = n % 100
        join writers w on w.application_id = r.application_id and w.nth = n % 500;
      insert into message (application_id, channel_id, type, body)
        select ${server.main.id}, ${ids.hot}, 'SYSTEM_TEXT', 'hot message ' || n from generate_series(1, 10000) n;
      analyze`)
    const { rows } = await client.query(
      `select id, channel_id, user_id from message where application_id = $1 and channel_id <> $2 order by id desc limit 1 offset 2000`,
      [server.main.id, ids.hot],
    )
    Object.assign(ids, { message: Number(rows[0].id), channel: rows[0].channel_id, user: rows[0].user_id })
  })
  afterAll(() => client.end())

  /** The custom plan for these values, and the generic plan. */
  async function plansOf([{ text }, values]: Asked): Promise<string> {
    const custom = await client.query({ text: `explain ${text}`, values })
    const generic = await client.query(`explain (generic_plan) ${text}`)
    return [...custom.rows, '--- generic', ...generic.rows].map((row) => row['QUERY PLAN'] ?? row).join('\n')
  }

  const send = (body: object) => () => request('POST', `/channels/${ids.channel}/messages`, body)
  const older = () => `relation=NEXT&next=${ids.message}`
  const newer = () => `relation=PREVIOUS&start=${ids.message}`

  it.each<[string, () => () => PromiseLike<unknown>]>([
    ['the newest of a channel', () => get(`/channels/${ids.channel}/messages`)],
    ['older ones of a channel', () => get(`/channels/${ids.channel}/messages?${older()}`)],
    ['newer ones of a channel', () => get(`/channels/${ids.channel}/messages?${newer()}`)],
    [
      'older ones of a hot channel',
      () => get(`/channels/${ids.hot}/messages?relation=NEXT&next=${ids.message + 9000}`),
    ],
    [
      'newer ones of a hot channel',
      () => get(`/channels/${ids.hot}/messages?relation=PREVIOUS&start=${ids.message + 9000}`),
    ],
    ['those of a channel by author', () => get(`/channels/${ids.channel}/messages?username=writer 7`)],
    ['those of a channel with a text', () => get(`/channels/${ids.channel}/messages?query=number 99`)],
    [
      'those of a channel by author with a text',
      () => get(`/channels/${ids.channel}/messages?username=writer 7&query=99`),
    ],
    ['the newest of the application', () => get('/messages')],
    ['older ones of the application', () => get(`/messages?${older()}`)],
    ['newer ones of the application', () => get(`/messages?${newer()}`)],
    ['those of the application by author', () => get('/messages?username=writer 7')],
    ['those of the application with a text', () => get('/messages?query=number 9999')],
    ['the newest of a user', () => get(`/users/${ids.user}/messages`)],
    ['older ones of a user', () => get(`/users/${ids.user}/messages?${older()}`)],
    ['newer ones of a user', () => get(`/users/${ids.user}/messages?${newer()}`)],
    ['one message', () => get(`/messages/${ids.message}`)],
    ['the last of each channel of a page', () => get('/channels')],
    ['the last of a channel', () => get(`/channels/${ids.channel}`)],
    ['a send', () => send({ type: 'TEXT', body: 'hello' })],
    [
      'a send on behalf of a user',
      () => send({ type: 'TEXT', body: 'hello', user: { username: 'writer 7' } }),
    ],
    [
      'sends in a group',
      () => () => Promise.all(Array.from({ length: 20 }, () => send({ type: 'TEXT', body: 'hello' })())),
    ],
  ])('%s', async (_what, work) => {
    const statements = await statementsOf(work())
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) {
      expect(await plansOf(statement)).not.toMatch(/Seq Scan on message\b/)
    }
  })

  it('the checks above detect such a scan', async () => {
    expect(await plansOf([{ text: "select from message where body like '%x'" }, []])).toMatch(
      /Seq Scan on message\b/,
    )
  })
})
