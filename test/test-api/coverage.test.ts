import { ChannelsApi, Configuration, UsersApi } from 'chatkitty-platform-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CreateChannel } from '#resources/channel.ts'
import { CreateUser } from '#resources/user.ts'
import { findOddFields } from '#wire/unknown-fields.ts'
import { connect, disconnect, done } from '../conformance/realtime.ts'
import { Phone } from '../realtime/phone.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi()
})
afterAll(() => server.close())

async function coverageOf(world?: World) {
  const { body } = await server.testApi.get(world ? `/worlds/${world.id}/coverage` : '/coverage').expect(200)
  return body
}

async function warningsOf(world: World): Promise<Record<string, unknown>[]> {
  return (await coverageOf(world)).warnings
}

const jane = { name: 'jane', displayName: 'Jane', isGuest: false }

describe('coverage', () => {
  it('counts operations with their statuses, and names those that are unused', async () => {
    const world = await server.createWorld()
    const sdk = new UsersApi(new Configuration({ basePath: server.url, accessToken: world.accessToken }))
    await sdk.listUsers()
    await server.as(world).get('/users').expect(200)
    await server.as(world).get('/users/12345').expect(404)
    const { operations, unused, warnings } = await coverageOf(world)
    expect(operations).toEqual({
      listUsers: { count: 2, statuses: { 200: 2 } },
      retrieveUser: { count: 1, statuses: { 404: 1 } },
    })
    expect(unused).toContain('createUser')
    expect(unused).not.toContain('listUsers')
    expect(warnings).toEqual([])
  })

  it('of all worlds and applications is the sum of each', async () => {
    const before = (await coverageOf()).operations.listThreadMessages?.count ?? 0
    const [one, other] = [await server.createWorld(), await server.createWorld()]
    await server.as(one).get('/threads/1/messages').expect(404)
    await server.as(other).get('/threads/1/messages').expect(404)
    await server.main.get('/threads/1/messages').expect(404)
    expect((await coverageOf()).operations.listThreadMessages.count).toBe(before + 3)
    expect((await coverageOf(one)).operations.listThreadMessages.count).toBe(1)
  })

  it('counts actions, relays and topics of the official client by their addresses', async () => {
    const world = await server.createWorld()
    const device = await connect(server, world, 'guest')
    const { channel } = await done(device.client.createChannel({ type: 'PUBLIC', name: 'lobby' }))
    await done(device.client.sendMessage({ channel, body: 'hi' }))
    const { actions, relays, topics, warnings } = await coverageOf(world)
    expect(actions).toMatchObject({
      '/application/user.create_channel': 1,
      '/application/channels/{id}.message': 1,
    })
    expect(relays['/application/user.relay']).toBeGreaterThan(0)
    expect(topics['/topic/users/{id}.channels']).toBe(1)
    expect(warnings).toEqual([])
    await disconnect(device)
  })

  it('is kept by a reset, and removed with its world', async () => {
    const world = await server.createWorld()
    await server.as(world).get('/users').expect(200)
    await server.testApi.post(`/worlds/${world.id}/reset`).expect(200)
    expect((await coverageOf(world)).operations).toHaveProperty('listUsers')
    await server.testApi.delete(`/worlds/${world.id}`).expect(204)
    await server.testApi.get(`/worlds/${world.id}/coverage`).expect(404)
    await server.testApi.get(`/worlds/${server.main.id}/coverage`).expect(404)
  })
})

describe('a warning', () => {
  it('names unknown fields with their path and the nearest known name', async () => {
    const world = await server.createWorld()
    const channel = {
      type: 'PUBLIC',
      nmae: 'x',
      name: 'lobby',
      members: [{ username: 'jane' }, { user_name: 'j' }],
    }
    await server.as(world).post('/channels').send(channel)
    await server.as(world).post('/channels').send(channel)
    expect(await warningsOf(world)).toEqual([
      {
        kind: 'unknown field',
        message: expect.stringContaining('nmae'),
        operation: 'createChannel',
        resource: 'channel',
        field: 'nmae',
        nearest: 'name',
        count: 2,
      },
      expect.objectContaining({ kind: 'unknown field', field: 'members[1].user_name', nearest: 'username' }),
    ])
  })

  it('names deprecated spellings', async () => {
    const world = await server.createWorld()
    await server.as(world).post('/users').send({ name: 'jane', displayName: 'Jane', guest: true }).expect(200)
    await server.as(world).get(`/users?access_token=${world.accessToken}`).expect(200)
    expect(await warningsOf(world)).toEqual([
      expect.objectContaining({ kind: 'deprecated spelling', field: 'guest', nearest: 'isGuest' }),
      expect.objectContaining({ kind: 'deprecated spelling', field: 'access_token', operation: 'listUsers' }),
    ])
  })

  it.each([
    ['application/x-www-form-urlencoded', 'application/json'],
    ['application/hal+json', 'application/json'],
  ])('names content types that the hosted API refuses (%s)', async (contentType, nearest) => {
    const world = await server.createWorld()
    await server
      .as(world)
      .post('/users')
      .set('content-type', contentType)
      .send(JSON.stringify(jane))
      .expect(200)
    expect(await warningsOf(world)).toEqual([
      expect.objectContaining({ kind: 'content type', operation: 'createUser', contentType, nearest }),
    ])
  })

  it('names topics whose messages were not acknowledged', async () => {
    const world = await server.createWorld()
    const { body: user } = await server.as(world).post('/users').send(jane).expect(200)
    const phone = new Phone(server, world, 'jane')
    phone.acknowledges = false
    await phone.connect()
    await phone.listen(`/topic/users/${user.id}.channels`)
    const channel = { type: 'PUBLIC', name: 'lobby', members: [{ id: user.id }] }
    await server.as(world).post('/channels').send(channel).expect(200)
    await expect
      .poll(() => warningsOf(world))
      .toEqual([expect.objectContaining({ kind: 'never acknowledged', topic: '/topic/users/{id}.channels' })])
    await phone.cut()
  })

  it('names requests for what was deleted, but not for what never existed', async () => {
    const world = await server.createWorld()
    const { body: user } = await server.as(world).post('/users').send(jane).expect(200)
    await server.as(world).get('/users/99999').expect(404)
    await server.as(world).delete(`/users/${user.id}`)
    expect(await warningsOf(world)).toEqual([])
    await server.as(world).get(`/applications/me/users/${user.id}/channels`).expect(404)
    expect(await warningsOf(world)).toEqual([
      expect.objectContaining({ kind: 'after deletion', resource: `/users/${user.id}` }),
    ])
  })
})

describe('a strict world', () => {
  it('refuses unknown fields with a ValidationError that names them, and does nothing', async () => {
    const world = await server.createWorld({ strictness: 'strict' })
    const { body } = await server
      .as(world)
      .post('/users')
      .send({ ...jane, dispalyName: 'x' })
      .expect(400)
    expect(body).toMatchObject({ error: 'ValidationError', field: 'dispalyName', resource: 'user' })
    expect(body.message).toContain('displayName')
    await server.as(world).post('/users').send(jane).expect(200)
    const lenient = await server.createWorld()
    await server
      .as(lenient)
      .post('/users')
      .send({ ...jane, dispalyName: 'x' })
      .expect(200)
  })

  it('accepts what the official clients send, and any properties', async () => {
    const world = await server.createWorld({ strictness: 'strict' })
    const sdk = new Configuration({ basePath: server.url, accessToken: world.accessToken })
    const { data: user } = await new UsersApi(sdk).createUser({
      ...jane,
      properties: { any: [{ thing: 1 }] },
    })
    await new UsersApi(sdk).updateUser(user.id, { displayName: 'J' })
    await new ChannelsApi(sdk).createChannel({ type: 'PUBLIC', name: 'lobby' })
    const device = await connect(server, world, 'jane')
    await done(device.client.createChannel({ type: 'PUBLIC', name: 'hall' }))
    await disconnect(device)
    expect(await warningsOf(world)).toEqual([])
  })
})

describe('unknown fields', () => {
  it.each([
    [CreateUser, { ...jane, is_guest: true, display_name: 'x' }, []],
    [CreateUser, { properties: { deep: { est: 1 } } }, []],
    [CreateUser, [{ name: 'x' }], []],
    [CreateUser, 'text', []],
    [CreateUser, JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}'), ['__proto__', 'constructor']],
    [CreateChannel, { type: 'DIRECT', members: [{ id: 1, nick: 'x' }] }, ['members[0].nick']],
  ])('of %# are found', (schema, body, paths) => {
    expect(findOddFields(schema, body).map(({ path }) => path)).toEqual(paths)
  })
})
