import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'

let server: TestApiServer
let world: World
beforeAll(async () => {
  server = await startTestApi()
})
afterAll(() => server.close())
beforeEach(async () => {
  world = await server.createWorld()
})

const path = () => `/worlds/${world.id}/journal`
const wait = (query: Record<string, unknown>) => server.testApi.get(`${path()}/wait`).query(query)
const matching = (match: unknown, timeoutMs = 30_000) => wait({ match: JSON.stringify(match), timeoutMs })

const createUser = (name: string, more?: object) => server.createUser(world, name, more)

describe('an expectation', () => {
  it('is met by existing entries, oldest first', async () => {
    await createUser('jane')
    await createUser('john')
    const { body } = await wait({ kind: 'request', operation: 'createUser' }).expect(200)
    expect(body).toMatchObject({ requestBody: { name: 'jane' } })
    const later = await wait({ operation: 'createUser', after: body.position }).expect(200)
    expect(later.body).toMatchObject({ requestBody: { name: 'john' } })
  })

  it('is met by a new entry', async () => {
    const met = matching({
      kind: 'request',
      requestBody: { name: 'late', properties: { tags: ['a', { b: 1 }] } },
    })
    const answer = met.then(({ body }) => body)
    await createUser('early', { properties: { tags: ['a', { b: 1 }] } })
    await createUser('late', { properties: { tags: ['a', { b: 1, c: 2 }], more: true } })
    expect(await answer).toMatchObject({ status: 200, requestBody: { name: 'late' } })
  })

  it.each([
    { requestBody: { name: 'Jane' } },
    { requestBody: { properties: { tags: ['a'] } } },
    { requestBody: { properties: { tags: ['b', 'a'] } } },
    { requestBody: { properties: { tags: { 0: 'a' } } } },
    { requestBody: { absent: null } },
    { requestBody: ['jane'] },
    { status: '200' },
  ])('of %j is not met by other entries', async (match) => {
    await createUser('jane', { properties: { tags: ['a', 'b'] } })
    await matching({ kind: 'request', ...match }, 0).expect(408)
  })

  it.each([
    ['operation', { operation: 'createUsr' }],
    ['match.operation', { match: '{"operation": "createUsr"}' }],
  ])(
    'of an operation that does not exist is refused, because nothing could meet it: in %s',
    async (field, query) => {
      const { body } = await wait({ kind: 'request', timeoutMs: 0, ...query }).expect(400)
      expect(body).toMatchObject({
        field,
        message: `${field}: there is no operation createUsr; the nearest is createUser`,
      })
    },
  )

  it.each([
    [
      {},
      { oparation: 'createUser' },
      'match.oparation',
      'no entry has such a field; the nearest is operation',
    ],
    [
      { kind: 'event' },
      { channelID: 7 },
      'match.channelID',
      'no entry of kind event has such a field; the nearest is channelId',
    ],
    [
      {},
      { kind: 'frame', bodi: {} },
      'match.bodi',
      'no entry of kind frame has such a field; the nearest is body',
    ],
    [{}, { kind: 'requests' }, 'match.kind', 'must be one of request, frame, event, function, webhook'],
  ])('with %j of %j is refused, because no entry has %s', async (query, match, field, problem) => {
    const { body } = await wait({ ...query, match: JSON.stringify(match), timeoutMs: 0 }).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', field, message: `${field}: ${problem}` })
  })

  it('that is not met is answered with the nearest entries and their differences', async () => {
    await createUser('jane')
    await createUser('john', { properties: { team: 'red' } })
    const expected = { requestBody: { name: 'john', properties: { team: 'blue' } } }
    const { body } = await wait({
      kind: 'request',
      operation: 'createUser',
      match: JSON.stringify(expected),
      timeoutMs: 1,
    }).expect(408)
    expect(body).toMatchObject({ error: 'RequestTimeoutError', message: expect.any(String) })
    expect(body.misses[0]).toMatchObject({
      entry: { requestBody: { name: 'john' } },
      differences: ['requestBody.properties.team is "red" instead of "blue"'],
    })
    expect(body.misses[1].differences).toEqual([
      'requestBody.name is "jane" instead of "john"',
      'requestBody.properties is missing, and should be {"team":"blue"}',
    ])
  })

  it.each([
    ['match=%7B', 'match'],
    ['match=7', 'match'],
    [`match=${'['.repeat(3_000)}${']'.repeat(3_000)}`, 'match'],
    [`match=${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 'match'],
    ['timeoutMs=soon', 'timeoutMs'],
    ['timeoutMs=600001', 'timeoutMs'],
  ])('of ?%s is refused', async (query, field) => {
    const { body } = await server.testApi.get(`${path()}/wait?${query}`).expect(400)
    expect(body).toMatchObject({ error: 'ClientError', field })
  })

  it('may be one of many; too many are refused, and cancelled ones are not counted', async () => {
    const { journals } = server.ctx.testApi ?? {}
    const listener = () => ({ added: () => undefined, ended: () => undefined })
    const stops = Array.from({ length: 2_000 }, () => journals?.listen(world.id, listener()))
    await matching({ status: 1 }).expect(429)
    await server.testApi.get(`${path()}/stream`).expect(429)
    for (const stop of stops) stop?.()
    await matching({ status: 1 }, 0).expect(408)
  })
})
