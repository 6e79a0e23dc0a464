// Files of snapshots: of this server, of older ones, and altered ones.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import type { UserDocument } from '../support/documents.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'
import { dump, everything, furnish, type Row, shown } from './furnished.ts'
import { fileOf, restore } from './snapshot.ts'

let server: TestApiServer
let world: World
let snapshot: { id: number; name: string; size: number; createdTime: string }

beforeAll(async () => {
  server = await startTestApi()
  world = await server.createWorld({ name: 'ship', seed: everything })
  await furnish(server, world)
  snapshot = (await server.testApi.post(`/worlds/${world.id}/snapshots`).send({ name: 'at sea' }).expect(201))
    .body
})
afterAll(() => server.close())

const reset = (id: number) => server.testApi.post(`/worlds/${id}/reset`).expect(200)

const upload = (file: string) =>
  server.testApi.post('/snapshots').set('content-type', 'application/x-ndjson').send(file)

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
    const { body } = await upload(older(await fileOf(server, snapshot.id))).expect(201)
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
      older(await fileOf(server, taken.id)),
    ])
    await pool.query(
      'update world set initial = (select content from snapshot where id = $2) where application_id = $1',
      [own.id, taken.id],
    )
    const filled = before?.map((user) => ({ ...user, ...asAtFirst }))
    for (const again of [() => restore(server, own.id, taken.id), () => reset(own.id)]) {
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
    const file = await fileOf(server, snapshot.id)
    const { body } = await upload(file).expect(201)
    expect(body).toMatchObject({ name: 'at sea' })
    expect(unpacked(await fileOf(server, body.id)).lines).toEqual(unpacked(file).lines)
    await restore(server, world.id, snapshot.id)
    const before = await dump(server)
    await restore(server, world.id, body.id)
    expect(await dump(server)).toEqual(before)
    const copy = await server.createWorld({ snapshot: body.id })
    expect(await shown(server, copy)).toEqual(await shown(server, world))
    await server.testApi.delete(`/worlds/${copy.id}`).expect(204)
  })

  it('gives its ids to a world that has them alone, and later ids follow', async () => {
    const file = await fileOf(server, snapshot.id)
    const ahead = file.replaceAll(/"id":(\d+)/g, (_, id) => `"id":${Number(id)}`)
    const { body } = await upload(ahead).expect(201)
    await server.testApi.delete(`/worlds/${world.id}`).expect(204)
    world = await server.createWorld()
    await restore(server, world.id, body.id)
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
    const { body } = await upload(altered(await fileOf(server, snapshot.id), { version: 1 })).expect(400)
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
    const { body } = await upload(change(await fileOf(server, snapshot.id)) as string).expect(400)
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
    const file = unpacked(await fileOf(server, snapshot.id))
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
