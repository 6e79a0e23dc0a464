import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptTables } from '#data/worlds/tables.ts'
import type { UserDocument } from '../support/documents.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'
import { allPublished, dump, everything, furnish, type Row, shown, tablesOf } from './furnished.ts'
import { fileOf, restore } from './snapshot.ts'

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

describe('a snapshot', () => {
  it('describes itself, and is listed with its world', async () => {
    expect(snapshot).toEqual({
      id: expect.any(Number),
      name: 'at sea',
      size: Buffer.byteLength(await fileOf(server, snapshot.id)),
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
    const { body } = await restore(server, world.id, snapshot.id)
    expect(body).toEqual(world)
    // Uploads that nothing refers to are not included, and sessions have ended.
    const { user_session, chat_session, file, user: _, ...lasting } = rows
    const restored = await dump(server)
    expect(restored).toMatchObject(lasting)
    expect(restored.file).toEqual(file?.filter((row) => row.expires_time === null))
    expect(restored.user_session).toHaveLength(user_session?.length ?? 0)
    expect(restored.chat_session?.map((row) => row.state)).toEqual(['ENDED'])
    expect(await shown(server, world)).toEqual(before)

    await restore(server, world.id, snapshot.id)
    expect(await dump(server)).toEqual(restored)
  })

  it('contains the bytes of files, secrets and variables', async () => {
    const as = server.as(world)
    const { body: users } = await as.get('/users').expect(200)
    const jane = users._embedded.users.find(({ name }: UserDocument) => name === 'jane')
    const before = (await as.get('/runtimes/nodejs').expect(200)).body.environmentVariables
    await as.delete(`/users/${jane.id}`).expect(200)
    await restore(server, world.id, snapshot.id)
    const { body: secret } = await as.get(`/users/${jane.id}/secrets/pin`).expect(200)
    expect(secret).toMatchObject({ secret: { pin: 1234 } })
    const { body: runtime } = await as.get('/runtimes/nodejs').expect(200)
    expect(runtime.environmentVariables).toEqual({ ...before, HARBOUR: 'Nassau' })
    const { pathname } = new URL(jane.displayPictureUrl)
    const picture = await as.get(pathname.replace(/^\/v1/, '')).buffer(true).expect(200)
    expect(picture.body.toString()).toBe('GIF89a')
  })

  it('copied into a new world has everything under new ids, and the two worlds are independent', async () => {
    await restore(server, world.id, snapshot.id)
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
    await restore(server, other.id, snapshot.id)
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
  expect(await fileOf(server, body.id)).not.toContain('127.0.0.1:1')
  await restore(server, own.id, body.id)
})
