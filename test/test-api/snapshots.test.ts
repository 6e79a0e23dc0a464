import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptTables } from '#data/worlds/tables.ts'
import { readSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import type { UserDocument } from '../support/documents.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'
import { allPublished, dump, everything, furnish, type Row, shown, tablesOf } from './furnished.ts'

let server: TestApiServer
let world: World
let snapshot: { id: number; name: string; size: number; createdTime: string }
let rows: Awaited<ReturnType<typeof dump>>

beforeAll(async () => {
  server = await startTestApi()
  world = await server.createWorld({ name: 'ship', seed: everything })
  await furnish(server, world)
  rows = await dump(server)
  snapshot = (await server.testApi.post(`/worlds/${world.id}/snapshots`).send({ name: 'at sea' }).expect(201))
    .body
})
afterAll(() => server.close())

const restore = (id: number, snapshot: number) =>
  server.testApi.post(`/worlds/${id}/restore`).send({ snapshot }).expect(200)

const reset = (id: number) => server.testApi.post(`/worlds/${id}/reset`).expect(200)

const fileOf = async (id: number): Promise<string> =>
  (await server.testApi.get(`/snapshots/${id}`).buffer(true).expect(200)).text

/** For the last message of each read span: the minutes between the start of the span and each of its read receipts. */
async function timesRead(of: World): Promise<number[][]> {
  const spans = await server.ctx.db.query(
    {
      text: `select s.created_time, s.through_id from read_span s join channel c on c.id = s.channel_id
        where c.application_id = $1`,
    },
    [of.id],
  )
  return Promise.all(
    spans.map(async ([began, id]) => {
      const { body } = await server.as(of).get(`/messages/${id}/read-receipts`).expect(200)
      const receipts: { createdTime: string }[] = Object.values(body._embedded).flat() as never
      return receipts.map(({ createdTime }) => (Date.parse(createdTime) - Date.parse(String(began))) / 60_000)
    }),
  )
}

const upload = (file: string) =>
  server.testApi.post('/snapshots').set('content-type', 'application/x-ndjson').send(file)

describe('a snapshot', () => {
  it('describes itself, and is listed with its world', async () => {
    expect(snapshot).toEqual({
      id: expect.any(Number),
      name: 'at sea',
      size: Buffer.byteLength(await fileOf(snapshot.id)),
      createdTime: expect.stringMatching(/Z$/),
    })
    const { body } = await server.testApi.get(`/worlds/${world.id}/snapshots`).expect(200)
    expect(body).toEqual({ snapshots: [snapshot] })
  })

  it('is tested with a world that has rows in every table', async () => {
    const empty = (await tablesOf(server)).filter((table) => rows[table]?.length === 0)
    expect(empty, 'furnish them, and say in data/worlds/models.ts what they hold').toEqual([])
  })

  it('contains every column of its tables', async () => {
    const found = await server.ctx.db.query(
      {
        text: `select table_name, column_name from information_schema.columns where table_schema = 'public'
          and table_name = any($1) order by table_name, column_name`,
      },
      [keptTables.map(({ name }) => name)],
    )
    const kept = keptTables.flatMap(({ name, columns }) => columns.map((column) => [name, column]))
    expect(kept.map(String).sort()).toEqual(found.map(String).sort())
  })

  it('restores everything, with its ids, as often as it is restored', async () => {
    const before = await shown(server, world)
    const { body: users } = await server.as(world).get('/users').expect(200)
    const { body: channels } = await server.as(world).get('/channels').expect(200)
    for (const { id } of users._embedded.users) await server.as(world).delete(`/users/${id}`).expect(200)
    for (const { id } of channels._embedded.channels)
      await server.as(world).delete(`/channels/${id}`).expect(200)
    await server.as(world).put('/runtimes/nodejs/environment-variables').send({}).expect(200)
    const { body } = await restore(world.id, snapshot.id)
    expect(body).toEqual(world)
    // Uploads that nothing refers to are not included, and sessions have ended.
    const { user_session, chat_session, file, user: _, ...lasting } = rows
    const restored = await dump(server)
    expect(restored).toMatchObject(lasting)
    expect(restored.file).toEqual(file?.filter((row) => row.expires_time === null))
    expect(restored.user_session).toHaveLength(user_session?.length ?? 0)
    expect(restored.chat_session?.map((row) => row.state)).toEqual(['ENDED'])
    expect(await shown(server, world)).toEqual(before)

    await restore(world.id, snapshot.id)
    expect(await dump(server)).toEqual(restored)
  })

  it('contains the bytes of files, secrets and variables', async () => {
    const as = server.as(world)
    const { body: users } = await as.get('/users').expect(200)
    const jane = users._embedded.users.find(({ name }: UserDocument) => name === 'jane')
    const before = (await as.get('/runtimes/nodejs').expect(200)).body.environmentVariables
    await as.delete(`/users/${jane.id}`).expect(200)
    await restore(world.id, snapshot.id)
    const { body: secret } = await as.get(`/users/${jane.id}/secrets/pin`).expect(200)
    expect(secret).toMatchObject({ secret: { pin: 1234 } })
    const { body: runtime } = await as.get('/runtimes/nodejs').expect(200)
    expect(runtime.environmentVariables).toEqual({ ...before, HARBOUR: 'Nassau' })
    const { pathname } = new URL(jane.displayPictureUrl)
    const picture = await as.get(pathname.replace(/^\/v1/, '')).buffer(true).expect(200)
    expect(picture.body.toString()).toBe('GIF89a')
  })

  it('copied into a new world has everything under new ids, and the two worlds are independent', async () => {
    await restore(world.id, snapshot.id)
    const before = await dump(server)
    const copy = await server.createWorld({ snapshot: snapshot.id })
    expect(await shown(server, copy)).toEqual(await shown(server, world))
    const ids = (of: Record<string, Row[]>) => (of.user ?? []).map((row) => row.id)
    expect(new Set(ids(await dump(server))).size).toBe(2 * ids(before).length)

    const { body: users } = await server.as(copy).get('/users').expect(200)
    const jane = users._embedded.users.find(({ name }: UserDocument) => name === 'jane')
    expect(ids(before)).not.toContain(jane.id)
    expect((await server.as(copy).get(`/users/${jane.id}/secrets/pin`).expect(200)).body).toMatchObject({
      secret: { pin: 1234 },
    })
    const picture = await server
      .as(copy)
      .get(new URL(jane.displayPictureUrl).pathname.replace(/^\/v1/, ''))
      .buffer(true)
      .expect(200)
    expect(picture.body.toString()).toBe('GIF89a')
    for (const each of [world, copy]) expect(await timesRead(each)).toEqual([[60]])
    for (const { id } of users._embedded.users) await server.as(copy).delete(`/users/${id}`).expect(200)
    await server.testApi.delete(`/worlds/${copy.id}`).expect(204)
    await allPublished(server)
    expect(await dump(server)).toEqual(before)
  })

  it('of another world is restored with new ids', async () => {
    const other = await server.createWorld({ seed: { users: [{ name: 'eve', displayName: 'Eve' }] } })
    await restore(other.id, snapshot.id)
    expect(await shown(server, other)).toEqual(await shown(server, world))
    const { body } = await server.testApi.post(`/worlds/${other.id}/reset`).expect(200)
    expect(body).toEqual(other)
    const { body: users } = await server.as(other).get('/users').expect(200)
    expect(users._embedded.users.map(({ name }: UserDocument) => name)).toEqual(['eve'])
    await server.testApi.delete(`/worlds/${other.id}`).expect(204)
  })

  it('is kept when its world is removed, until it is removed itself', async () => {
    const gone = await server.createWorld({ name: 'gone', seed: everything })
    const { body: taken } = await server.testApi.post(`/worlds/${gone.id}/snapshots`).expect(201)
    expect(taken.name).toBe('gone')
    const before = await shown(server, gone)
    await server.testApi.delete(`/worlds/${gone.id}`).expect(204)
    expect(await shown(server, await server.createWorld({ snapshot: taken.id }))).toEqual(before)
    await server.testApi.delete(`/snapshots/${taken.id}`).expect(204)
    await server.testApi.delete(`/snapshots/${taken.id}`).expect(404)
    await server.testApi.get(`/snapshots/${taken.id}`).expect(404)
    await server.testApi.post('/worlds').send({ snapshot: taken.id }).expect(404)
    await server.testApi.post(`/worlds/${world.id}/restore`).send({ snapshot: taken.id }).expect(404)
    const { body } = await server.testApi.post(`/worlds/${world.id}/restore`).send({}).expect(400)
    expect(body).toMatchObject({ field: 'snapshot', code: 'missing_field' })
  })
})

it('a snapshot omits a webhook whose secret cannot be decrypted', async () => {
  const own = await server.createWorld()
  const insert = `insert into webhook (application_id, url, events, secret) values ($1, 'http://127.0.0.1:1/', '{*}', '\\x00')`
  await server.ctx.db.pool.query(insert, [own.applicationId])
  const { body } = await server.testApi
    .post(`/worlds/${own.id}/snapshots`)
    .send({ name: 'sealed' })
    .expect(201)
  expect(await fileOf(body.id)).not.toContain('127.0.0.1:1')
  await restore(own.id, body.id)
})

describe('a snapshot of an older server, which lacks columns,', () => {
  /** The snapshot as written by an older server, without the retention settings and these columns of users. */
  function older(file: string): string {
    const { header, lines } = unpacked(file)
    delete header.application.retention
    for (const row of rowsOf(lines, 'user')) {
      delete row.call_status
      delete row.presence_status
      delete row.picture_url
    }
    return summed({ header, lines })
  }
  const asAtFirst = { call_status: 'AVAILABLE', presence_status: 'UNAVAILABLE', picture_url: null }
  const usersOf = async (of: World) =>
    (await dump(server)).user?.filter(({ application_id }) => application_id === of.id)

  it('is accepted as a file, and missing columns get their defaults', async () => {
    const { body } = await upload(older(await fileOf(snapshot.id))).expect(201)
    const copy = await server.createWorld({ snapshot: body.id })
    const users = await usersOf(copy)
    expect(users?.map(({ name }) => name).sort()).toEqual(['gil', 'jane', 'john', 'kim'])
    for (const user of users ?? []) expect(user).toMatchObject(asAtFirst)
    await server.testApi.delete(`/worlds/${copy.id}`).expect(204)
  })

  it('is restored, and so is the initial state of a world', async () => {
    const own = await server.createWorld({ name: 'old', seed: everything })
    const { body: taken } = await server.testApi.post(`/worlds/${own.id}/snapshots`).expect(201)
    const before = await usersOf(own)
    const { pool } = server.ctx.db
    await pool.query('update snapshot set content = $2 where id = $1', [
      taken.id,
      older(await fileOf(taken.id)),
    ])
    await pool.query(
      'update world set initial = (select content from snapshot where id = $2) where application_id = $1',
      [own.id, taken.id],
    )
    const filled = before?.map((user) => ({ ...user, ...asAtFirst }))
    for (const again of [() => restore(own.id, taken.id), () => reset(own.id)]) {
      const { body: users } = await server.as(own).get('/users').expect(200)
      for (const { id } of users._embedded.users) await server.as(own).delete(`/users/${id}`).expect(200)
      await again()
      expect(await usersOf(own)).toEqual(filled)
    }
    await server.testApi.delete(`/worlds/${own.id}`).expect(204)
  })
})

describe('the file of a snapshot', () => {
  it('is lines of JSON, of which the first contains its format and version', async () => {
    const answer = await server.testApi.get(`/snapshots/${snapshot.id}`).buffer(true).expect(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': expect.stringContaining('at sea.ndjson'),
    })
    const { header, lines } = unpacked(answer.text)
    expect(header).toMatchObject({ format: 'chatterie-snapshot', version: 4, name: 'at sea' })
    expect(lines.every((line) => Array.isArray(line))).toBe(true)
  })

  it('is uploaded as a snapshot that can be restored with its ids, or copied', async () => {
    const file = await fileOf(snapshot.id)
    const { body } = await upload(file).expect(201)
    expect(body).toMatchObject({ name: 'at sea' })
    expect(unpacked(await fileOf(body.id)).lines).toEqual(unpacked(file).lines)
    await restore(world.id, snapshot.id)
    const before = await dump(server)
    await restore(world.id, body.id)
    expect(await dump(server)).toEqual(before)
    const copy = await server.createWorld({ snapshot: body.id })
    expect(await shown(server, copy)).toEqual(await shown(server, world))
    await server.testApi.delete(`/worlds/${copy.id}`).expect(204)
  })

  it('gives its ids to a world that has them alone, and later ids follow', async () => {
    const file = await fileOf(snapshot.id)
    const ahead = file.replaceAll(/"id":(\d+)/g, (_, id) => `"id":${Number(id)}`)
    const { body } = await upload(ahead).expect(201)
    await server.testApi.delete(`/worlds/${world.id}`).expect(204)
    world = await server.createWorld()
    await restore(world.id, body.id)
    const contents = readSnapshotFile(file)
    const { body: users } = await server.as(world).get('/users').expect(200)
    const ids = contents.rows.get('user')?.map((row) => JSON.parse(row).id)
    expect(users._embedded.users.map(({ id }: UserDocument) => id).sort()).toEqual(ids?.sort())
    const { body: user } = await server
      .as(world)
      .post('/users')
      .send({ name: 'new', displayName: 'N', isGuest: false })
      .expect(200)
    expect(ids).not.toContain(user.id)
  })

  it('of another version is refused with an error that names both', async () => {
    const { body } = await upload(altered(await fileOf(snapshot.id), { version: 1 })).expect(400)
    expect(body.message).toBe('The file is of version 1, and this server reads version 4')
  })

  it.each<[string, (file: string) => string | Buffer]>([
    ['is empty', () => ''],
    ['is no snapshot', () => '{"format":"har"}\n'],
    ['is no JSON', () => 'hello\nworld\n'],
    ['was cut off', (file) => file.slice(0, -10)],
    ['has an additional line', (file) => `${file}["user",{}]\n`],
    ['has changed', (file) => file.replace('Jane', 'Jude')],
    ['is no text', (file) => file.replace('Jane', '\ud800')],
  ])('that %s is refused', async (_, change) => {
    const { body } = await upload(change(await fileOf(snapshot.id)) as string).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', resource: 'snapshot', message: expect.any(String) })
  })

  const everyWay: [string, (file: Unpacked) => unknown][] = [
    [
      'a column that is SQL',
      ({ lines }) => Object.assign(rowOf(lines, 'user'), { 'id") select 1; drop table "user"; --': 1 }),
    ],
    [
      'a table that is SQL',
      ({ header }) => Object.assign(header.tables, { 'user"; drop table message; --': 1 }),
    ],
    ['an inherited table', ({ header }) => Object.assign(header.tables, { constructor: 1 })],
    ['a column less in one row', ({ lines }) => delete rowOf(lines, 'user').call_status],
    ...(['id', 'name', 'properties'] as const).map((column): [string, (file: Unpacked) => unknown] => [
      `users without ${column}`,
      ({ lines }) => {
        for (const row of rowsOf(lines, 'user')) delete row[column]
      },
    ]),
    ['a column of a newer server', ({ lines }) => Object.assign(rowOf(lines, 'user'), { shoe_size: 1 })],
    ['a table of a newer server', ({ header }) => Object.assign(header.tables, { shoe: 1 })],
    ['an id that is text', ({ lines }) => Object.assign(rowOf(lines, 'user'), { id: '1' })],
    ['an id beyond numbers', ({ lines }) => Object.assign(rowOf(lines, 'user'), { id: 1e300 })],
    ['an id of 0', ({ lines }) => Object.assign(rowOf(lines, 'user'), { id: 0 })],
    ['no id', ({ lines }) => Object.assign(rowOf(lines, 'user'), { id: null })],
    [
      'an author of another world',
      ({ lines }) => Object.assign(rowOf(lines, 'message'), { user_id: 999_999 }),
    ],
    [
      'a thread that is a message',
      ({ lines }) =>
        Object.assign(rowOf(lines, 'message'), { thread_id: rowsOf(lines, 'message').at(-1)?.id }),
    ],
    ['a name twice', ({ lines }) => Object.assign(rowOf(lines, 'user'), { name: 'john' })],
    ['an unknown type', ({ lines }) => Object.assign(rowOf(lines, 'channel'), { type: 'SECRET' })],
    ['an invalid time', ({ lines }) => Object.assign(rowOf(lines, 'user'), { created_time: 'noon' })],
    ['text with a NUL', ({ lines }) => Object.assign(rowOf(lines, 'user'), { name: 'a\u0000b' })],
    ['invalid properties', ({ lines }) => Object.assign(rowOf(lines, 'user'), { properties: 'x' })],
    ['invalid mentions', ({ lines }) => Object.assign(rowOf(lines, 'message'), { mentions: [1] })],
    [
      'a file that is none',
      ({ lines }) =>
        Object.assign(rowOf(lines, 'message'), { file: { type: 'HOSTED', key: '../../etc/passwd' } }),
    ],
    ['a key that is a path', ({ lines }) => Object.assign(rowOf(lines, 'file'), { key: '../../etc/passwd' })],
    ['other bytes', ({ lines }) => Object.assign(lines.findLast(isOfBytes) ?? [], { 2: 'AAAA' })],
    ['bytes of no file', ({ lines }) => Object.assign(lines.findLast(isOfBytes) ?? [], { 1: 'x' })],
    ['a sealed secret', ({ lines }) => Object.assign(rowOf(lines, 'user_secret'), { sealed: '\\x00' })],
    [
      'a job that reads a path',
      ({ lines }) => Object.assign(rowOf(lines, 'job'), { input: { fileKey: '../x' } }),
    ],
    [
      'settings that are none',
      ({ header }) => Object.assign(header.application, { guest_users: `ENABLED'; --` }),
    ],
    ['another count', ({ header: { tables } }) => Object.assign(tables, { user: (tables.user ?? 0) + 1 })],
    ['rows in another order', ({ lines }) => lines.reverse()],
    ['a row that is a list', ({ lines }) => Object.assign(lines[0] ?? [], { 1: [] })],
  ]

  it.each(everyWay)('with %s is refused, whatever its checksum says', async (_, change) => {
    const file = unpacked(await fileOf(snapshot.id))
    change(file)
    const { body } = await upload(summed(file)).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', message: expect.stringMatching(/line|file/i) })
  })
})

interface Unpacked {
  header: { tables: Record<string, number>; application: { retention?: object } }
  /** The name of a table with one of its rows, or `bytes` with the key and the content of a file. */
  lines: [table: string, ...rest: unknown[]][]
}

function unpacked(file: string): Unpacked {
  const [header, ...lines] = file
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { header, lines }
}

const isOfBytes = ([table]: Unpacked['lines'][number]) => table === 'bytes'

function rowsOf(lines: Unpacked['lines'], table: string): Row[] {
  return lines.filter(([name]) => name === table).map(([, row]) => row as Row)
}

const rowOf = (lines: Unpacked['lines'], table: string) => rowsOf(lines, table)[0] as Row

function summed({ header, lines }: Unpacked): string {
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return `${JSON.stringify({ ...header, sha256: createHash('sha256').update(body).digest('hex') })}\n${body}`
}

function altered(file: string, header: Record<string, unknown>): string {
  const end = file.indexOf('\n')
  return JSON.stringify({ ...JSON.parse(file.slice(0, end)), ...header }) + file.slice(end)
}
