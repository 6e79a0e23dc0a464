import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { importFile, upload } from '../support/jobs.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

const finished = { state: 'FINISHED', failed: 0, errors: [] }

describe('every import', () => {
  it('answers 202 with a pending job', async () => {
    const { body } = await upload(main, 'users', '[]').expect(202)
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'USER_IMPORT',
      state: 'PENDING',
      processed: 0,
      failed: 0,
      errors: [],
      createdTime: expect.any(String),
      _links: {
        self: { href: expect.stringMatching(/\/v1\/applications\/\d+\/jobs\/\d+$/) },
        application: { href: expect.any(String) },
      },
    })
  })

  it('finishes at once with an empty array', async () => {
    expect(await importFile(main, 'users', ' [ ] ')).toMatchObject({
      ...finished,
      processed: 0,
      total: 0,
      endedTime: expect.any(String),
    })
  })

  it.each(['users', 'channels', 'messages'])('refuses %s without a file', async (what) => {
    for (const request of [
      main.post(`/imports/${what}`).field('other', '[]'),
      main.post(`/imports/${what}`, []),
      main.post(`/imports/${what}`),
    ]) {
      const answer = await request
      expectRefusal(answer, 400, 'ClientError')
      expect(answer.body).toMatchObject({ resource: 'import', field: 'file', code: 'missing_field' })
    }
  })
})

describe('importUsers', () => {
  it('accepts the sample of the guide', async () => {
    const application = await server.createApplication()
    const sample = { name: 'jane@chatkitty.com', displayName: 'Jane Doe', isGuest: false, properties: {} }
    expect(await importFile(application, 'users', [sample])).toMatchObject({
      type: 'USER_IMPORT',
      ...finished,
      processed: 1,
      total: 1,
    })
    const { body } = await application.get('/users').expect(200)
    expect(body._embedded.users).toMatchObject([{ ...sample, type: 'PERSON' }])
    expect(body.page.totalElements).toBe(1)
  })

  it('accepts either naming convention, every name of a guest, a picture, and hostile keys as data', async () => {
    const application = await server.createApplication()
    const text = `[
      {"name": "a", "display_name": "A", "guest": true, "display_picture":
        {"content_type": "image/png", "name": "a.png", "size": 7, "url": "https://example.com/a.png",
         "idempotency_key": "p"}},
      {"name": "b", "displayName": "B", "is_guest": true, "properties": {"__proto__": {"x_y": 1}}},
      {"name": "c", "displayName": "C"}
    ]`
    expect(await importFile(application, 'users', text)).toMatchObject({ ...finished, processed: 3 })
    const { body, text: raw } = await application.get('/users').expect(200)
    expect(body._embedded.users).toMatchObject([
      { name: 'a', displayName: 'A', isGuest: true, displayPictureUrl: 'https://example.com/a.png' },
      { name: 'b', isGuest: true },
      { name: 'c', isGuest: false, properties: {} },
    ])
    expect(raw).toContain('"__proto__":{"x_y":1}')
  })

  it('does not change a user that exists already', async () => {
    const application = await server.createApplication()
    await createUser(application, { name: 'kim', displayName: 'Kim' })
    const job = await importFile(application, 'users', [
      { name: 'kim', displayName: 'Another' },
      { name: 'new', displayName: 'New' },
      { name: 'new', displayName: 'New again' },
    ])
    expect(job).toMatchObject({ ...finished, processed: 3 })
    const { body } = await application.get('/users').expect(200)
    expect(body._embedded.users).toMatchObject([{ displayName: 'Kim' }, { displayName: 'New' }])
    expect(body.page.totalElements).toBe(2)
  })

  it('stores valid items, and says where and why others are invalid', async () => {
    const application = await server.createApplication()
    const job = await importFile(
      application,
      'users',
      `[{"name": "good", "displayName": "Good"}, {"displayName": "No name"}, 7, null, {"name": "x",},
        {"name": "y", "displayName": " "}, "text", {"name": "nul\\u0000", "displayName": "Nul"}, [[]]]`,
    )
    expect(job).toMatchObject({ state: 'FINISHED', processed: 9, failed: 8, total: 9 })
    expect(job.errors).toEqual([
      { index: 1, reason: 'name is required' },
      { index: 2, reason: expect.stringContaining('expected object') },
      { index: 3, reason: expect.stringContaining('expected object') },
      { index: 4, reason: 'is not valid JSON' },
      { index: 5, reason: 'displayName: must not be blank' },
      { index: 6, reason: expect.stringContaining('expected object') },
      { index: 7, reason: expect.stringContaining('NUL') },
      { index: 8, reason: expect.stringContaining('expected object') },
    ])
  })

  it('fails when nothing at all could be stored, and lists the first hundred errors', async () => {
    const job = await importFile(main, 'users', Array(150).fill({}))
    expect(job).toMatchObject({ state: 'FAILED', processed: 150, failed: 150 })
    expect(job.errors.map(({ index }: { index: number }) => index)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    )
  })

  it('skips an item whose idempotency key was imported before, in its own application only', async () => {
    const [one, other] = [await server.createApplication(), await server.createApplication()]
    const items = [
      { name: 'a', displayName: 'A', idempotencyKey: 'k1' },
      { name: 'b', displayName: 'B', idempotency_key: 'k2' },
      { name: 'c', displayName: 'C', id: 3 },
    ]
    await importFile(one, 'users', items)
    const renamed = items.map((item) => ({ ...item, name: `${item.name}2` }))
    expect(await importFile(one, 'users', renamed)).toMatchObject({ ...finished, processed: 3 })
    expect(await namesOf(one, 'users')).toEqual(['a', 'b', 'c'])
    await importFile(other, 'users', renamed)
    expect(await namesOf(other, 'users')).toEqual(['a2', 'b2', 'c2'])
  })

  it('refuses a number beyond 2^53 as a key, since its neighbours are parsed as the same number', async () => {
    const application = await server.createApplication()
    const item = (name: string, key: string) => `{"name": "${name}", "displayName": "X", "id": ${key}}`
    const keys = ['9007199254740993', '9007199254740992', '1e400', '9007199254740991', '"9007199254740993"']
    const job = await importFile(application, 'users', `[${keys.map((key, at) => item(`u${at}`, key))}]`)
    const reason = 'idempotencyKey: numbers beyond 2^53 must be sent as text'
    expect(job).toMatchObject({ state: 'FINISHED', failed: 3 })
    expect(job.errors).toEqual([0, 1, 2].map((index) => ({ index, reason })))
    expect(await namesOf(application, 'users')).toEqual(['u3', 'u4'])
  })

  it('retries an item that failed under its key', async () => {
    const application = await server.createApplication()
    const item = { name: 'late', idempotencyKey: 'k' }
    expect(await importFile(application, 'users', [item])).toMatchObject({ state: 'FAILED' })
    await importFile(application, 'users', [{ ...item, displayName: 'Late' }])
    expect(await namesOf(application, 'users')).toEqual(['late'])
  })
})

describe('importChannels', () => {
  it('accepts the sample of the guide, which has no members', async () => {
    const application = await server.createApplication()
    const sample = { idempotencyKey: 'unique-external-id', type: 'PUBLIC', name: 'b0a0bd55-921a-4f72' }
    expect(await importFile(application, 'channels', [sample])).toMatchObject({
      type: 'CHANNEL_IMPORT',
      ...finished,
      processed: 1,
    })
    const { body } = await application.get('/channels').expect(200)
    expect(body._embedded.channels).toMatchObject([
      { type: 'PUBLIC', name: sample.name, displayName: sample.name, properties: {} },
    ])
    expect(body.page.totalElements).toBe(1)
  })

  it('creates channels of each type as the API would', async () => {
    const application = await server.createApplication()
    for (const name of ['ann', 'bea', 'cleo']) await createUser(application, { name })
    const job = await importFile(application, 'channels', [
      { type: 'PUBLIC', name: 'open', display_name: 'Open', creator: 'ann', members: ['bea', 'bea'] },
      { type: 'PRIVATE', members: ['cleo'], properties: { a_b: 1 } },
      { type: 'DIRECT', members: ['ann', 'bea'], creator: 'cleo' },
    ])
    expect(job).toMatchObject({ ...finished, processed: 3 })
    const { body } = await application.get('/channels?sort=type').expect(200)
    const [direct, open, secret] = body._embedded.channels
    expect(direct).toMatchObject({ type: 'DIRECT', creator: { name: 'cleo' } })
    expect(direct.members.map(({ name }: { name: string }) => name).sort()).toEqual(['ann', 'bea', 'cleo'])
    expect(open).toMatchObject({ type: 'PUBLIC', displayName: 'Open', creator: { name: 'ann' } })
    expect(await namesOf(application, `channels/${open.id}/members`, 'users')).toEqual(['ann', 'bea'])
    expect(await namesOf(application, `channels/${open.id}/moderators`, 'users')).toEqual(['ann'])
    expect(secret).toMatchObject({ type: 'PRIVATE', properties: { a_b: 1 } })
    const members = await application.get(`/channels/${secret.id}/members`).expect(200)
    expect(members.body.page.totalElements).toBe(1)
  })

  it('skips an equivalent channel, and refuses a name that a channel of another type has', async () => {
    const application = await server.createApplication()
    for (const name of ['ann', 'bea']) await createUser(application, { name })
    await createChannel(application, { type: 'DIRECT', members: [{ username: 'ann' }, { username: 'bea' }] })
    await createChannel(application, { name: 'there' })
    const job = await importFile(application, 'channels', [
      { type: 'DIRECT', members: ['bea'], creator: 'ann' },
      { type: 'PUBLIC', name: 'there', displayName: 'Other' },
      { type: 'PRIVATE', name: 'there' },
      { type: 'PUBLIC', name: 'twice' },
      { type: 'PUBLIC', name: 'twice' },
      { type: 'PRIVATE', name: 'twice' },
    ])
    expect(job).toMatchObject({ state: 'FINISHED', processed: 6, failed: 2 })
    expect(job.errors.map(({ index }: { index: number }) => index)).toEqual([2, 5])
    const { body } = await application.get('/channels').expect(200)
    expect(body.page.totalElements).toBe(3)
  })

  it('refuses unknown users and impossible direct channels, item by item', async () => {
    const application = await server.createApplication()
    const names = Array.from({ length: 11 }, (_, at) => `member-${at}`)
    await importFile(
      application,
      'users',
      names.map((name) => ({ name, displayName: name })),
    )
    const job = await importFile(application, 'channels', [
      { type: 'PUBLIC', name: 'fine' },
      { type: 'PUBLIC', members: ['nobody'] },
      { type: 'PUBLIC', creator: 'nobody' },
      { type: 'DIRECT' },
      { type: 'DIRECT', members: names },
      { type: 'OPEN' },
      { name: 'untyped' },
    ])
    expect(job).toMatchObject({ state: 'FINISHED', processed: 7, failed: 6 })
    expect(job.errors.slice(0, 4)).toEqual([
      { index: 1, reason: 'user nobody does not exist' },
      { index: 2, reason: 'user nobody does not exist' },
      { index: 3, reason: 'A direct channel needs members' },
      { index: 4, reason: 'A direct channel has 10 members at most' },
    ])
  })
})

describe('importChannelMembers', () => {
  it('accepts the sample of the guide, and existing members stay members', async () => {
    const application = await server.createApplication()
    for (const name of ['jane@chatkitty.com', 'there']) await createUser(application, { name })
    const channel = await createChannel(application, { members: [{ username: 'there' }] })
    const what = `channels/${channel.id}/members`
    const job = await importFile(application, what, [
      { username: 'jane@chatkitty.com' },
      { username: 'there', idempotency_key: 'k' },
      { username: 'nobody' },
    ])
    expect(job).toMatchObject({ type: 'CHANNEL_MEMBERS_IMPORT', state: 'FINISHED', processed: 3, failed: 1 })
    expect(job.errors).toEqual([{ index: 2, reason: 'user nobody does not exist' }])
    expect(await namesOf(application, what, 'users')).toEqual(['jane@chatkitty.com', 'there'])
    const { body } = await application.get(`/${what}`).expect(200)
    expect(body.page.totalElements).toBe(2)
  })

  it('refuses a channel that is unknown, of another application, or direct', async () => {
    const other = await server.createApplication()
    const { name } = await createUser(main)
    const foreign = await createChannel(other)
    const direct = await createChannel(main, { type: 'DIRECT', members: [{ username: name }] })
    for (const id of [4_000_000_000, foreign.id]) {
      expectRefusal(await upload(main, `channels/${id}/members`, '[]'), 404, 'ResourceNotFoundError')
    }
    expectRefusal(await upload(main, `channels/${direct.id}/members`, '[]'), 400, 'ClientError')
  })
})

/** Returns the names of a page's items, in alphabetical order. */
async function namesOf(application: TestApplication, path: string, key = path): Promise<string[]> {
  const { body } = await application.get(`/${path}`).expect(200)
  return body._embedded[key].map(({ name }: { name: string }) => name).sort()
}
