import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChannelDocument, embedded, type UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage, several } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

const missing = 4_000_000_000

const refs = (users: { id: number }[]) => users.map(({ id }) => ({ id }))
/** Ordered by id. */
const createUsers = async <const Count extends number>(count: Count) => {
  const users = await several(count, () => createUser(main))
  return (users as UserDocument[]).sort((a, b) => a.id - b.id) as typeof users
}

async function membersOf(channel: { id: number }): Promise<number[]> {
  const { body } = await main.get(`/channels/${channel.id}/members`).expect(200)
  return body._embedded.users.map(({ id }: { id: number }) => id)
}

describe('createChannel, of a group', () => {
  it('answers with the channel and its links; the creator is a member and its moderator', async () => {
    const [creator, member] = await createUsers(2)
    const name = `general-${uuid()}`
    const { body } = await main
      .post('/channels', {
        type: 'PUBLIC',
        name,
        displayName: 'General',
        creator: { id: creator.id },
        members: [{ username: member.name }],
        properties: { a_b: { c_d: 1 } },
      })
      .expect(200)
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'PUBLIC',
      name,
      displayName: 'General',
      creator: embedded(creator),
      properties: { a_b: { c_d: 1 } },
      createdTime: expect.stringMatching(/\.\d{3}Z$/),
      _links: expect.any(Object),
    })
    expect(Object.keys(body._links)).toEqual([
      'self',
      'participants',
      'messages',
      'events',
      'memberships',
      'members',
      'moderators',
      'application',
    ])
    expect((await main.get(`/channels/${body.id}`).expect(200)).body).toEqual(body)
    expect(await membersOf(body)).toEqual([creator.id, member.id])
    const moderators = await main.get(`/channels/${body.id}/moderators`)
    expect(moderators.body._embedded.users).toEqual([creator])
  })

  it('generates a name for a channel without one, and shows the name where there is no display name', async () => {
    const unnamed = await createChannel(main, { type: 'PRIVATE' })
    expect(unnamed.name).toMatch(/^[0-9a-f-]{36}$/)
    expect(unnamed.displayName).toBe(unnamed.name)
    expect(unnamed).not.toHaveProperty('creator')
    expect(unnamed).not.toHaveProperty('lastReceivedMessage')
    const named = await createChannel(main, { name: `named-${uuid()}` })
    expect(named.displayName).toBe(named.name)
  })

  it('returns the channel of the same name and type, unchanged', async () => {
    const channel = await createChannel(main, {
      name: `same-${uuid()}`,
      displayName: 'First',
      properties: { a: 1 },
    })
    const again = await createChannel(main, {
      name: channel.name,
      displayName: 'Second',
      properties: { a: 2 },
    })
    expect(again).toEqual(channel)
  })

  it('refuses the name of a channel of another type', async () => {
    const { name } = await createChannel(main, { type: 'PUBLIC', name: `taken-${uuid()}` })
    const answer = await main.post('/channels', { type: 'PRIVATE', name })
    expectRefusal(answer, 400)
    expect(answer.body).toMatchObject({ resource: 'channel', field: 'name', code: 'already_exists' })
  })

  it('creates one channel for concurrent requests', async () => {
    const input = { name: `raced-${uuid()}` }
    const channels = await Promise.all(Array.from({ length: 8 }, () => createChannel(main, input)))
    expect(new Set(channels.map(({ id }) => id)).size).toBe(1)
  })

  it('allows the same name in different applications', async () => {
    const channel = await createChannel(main, { name: `shared-${uuid()}` })
    const other = await createChannel(await server.createApplication(), { name: channel.name })
    expect(other.id).not.toBe(channel.id)
  })

  it('accepts {} for members, which is the JSON of a JavaScript Set', async () => {
    const channel = await createChannel(main, { members: {} })
    expect(await membersOf(channel)).toEqual([])
  })

  it('accepts users by id, name and link, and each of them once', async () => {
    const [one, two, three] = await createUsers(3)
    const members = [
      { id: one.id },
      { username: two.name },
      { href: three._links.self.href },
      { username: one.name },
    ]
    const channel = await createChannel(main, { members, creator: { href: two._links.self.href } })
    expect(await membersOf(channel)).toEqual([one.id, two.id, three.id])
    expect(channel.creator).toMatchObject({ id: two.id })
  })

  it('creates nothing where a user does not exist', async () => {
    const name = `without-${uuid()}`
    for (const reference of [{ id: missing }, { username: 'nobody' }, { href: 'nowhere' }]) {
      expectRefusal(await main.post('/channels', { type: 'PUBLIC', name, members: [reference] }), 404)
      expectRefusal(await main.post('/channels', { type: 'PUBLIC', name, creator: reference }), 404)
    }
    const { body } = await main.get('/channels?size=100')
    expect(body._embedded.channels.map(({ name }: ChannelDocument) => name)).not.toContain(name)
  })

  it('requires a known type, and valid references', async () => {
    const untyped = await main.post('/channels', { name: 'x' })
    expectRefusal(untyped, 400)
    expect(untyped.body).toMatchObject({ resource: 'channel', field: 'type', code: 'missing_field' })
    const open = await main.post('/channels', { type: 'OPEN' })
    expectRefusal(open, 400)
    expect(open.body).toMatchObject({ field: 'type', code: 'invalid' })
    const nobody = await main.post('/channels', { type: 'PUBLIC', creator: {} })
    expectRefusal(nobody, 400)
    expect(nobody.body).toMatchObject({ field: 'creator', code: 'invalid' })
  })
})

describe('createChannel, direct', () => {
  it('shows its members, and no links to change them', async () => {
    const users = await createUsers(3)
    const channel = await createChannel(main, {
      type: 'DIRECT',
      creator: { id: users[0].id },
      members: refs(users.slice(1)),
    })
    expect(channel).toEqual({
      id: expect.any(Number),
      type: 'DIRECT',
      creator: embedded(users[0]),
      members: users.map(embedded),
      properties: {},
      createdTime: expect.any(String),
      _links: expect.any(Object),
    })
    expect(Object.keys(channel._links)).toEqual(['self', 'participants', 'messages', 'events', 'application'])
    expect((await main.get(`/channels/${channel.id}`)).body).toEqual(channel)
  })

  it('returns the channel of the same set of members, however it is given', async () => {
    const [one, two, three] = await createUsers(3)
    const channel = await createChannel(main, { type: 'DIRECT', members: refs([one, two, three]) })
    const creator = { username: two.name }
    const again = [
      await createChannel(main, { type: 'DIRECT', members: refs([three, one, two]) }),
      await createChannel(main, { type: 'DIRECT', members: refs([three, one]), creator }),
      await createChannel(main, { type: 'DIRECT', members: refs([three, one, two, one]), creator }),
    ]
    expect(again).toEqual([channel, channel, channel])
    const fewer = await createChannel(main, { type: 'DIRECT', members: refs([one, two]) })
    expect(fewer.id).not.toBe(channel.id)
  })

  it('creates one channel for concurrent requests', async () => {
    const input = { type: 'DIRECT', members: refs(await createUsers(2)) }
    const channels = await Promise.all(Array.from({ length: 8 }, () => createChannel(main, input)))
    expect(new Set(channels.map(({ id }) => id)).size).toBe(1)
  })

  it('has ten members at most, including its creator', async () => {
    const users = await createUsers(11)
    const ten = { type: 'DIRECT', creator: { id: users[0].id }, members: refs(users.slice(1, 10)) }
    expect((await createChannel(main, ten)).members).toHaveLength(10)
    const eleven = await main.post('/channels', { ...ten, members: refs(users.slice(1)) })
    expectRefusal(eleven, 400)
    expect(eleven.body).toMatchObject({ resource: 'channel', field: 'members', code: 'invalid' })
  })

  it('requires another member', async () => {
    for (const members of [undefined, [], {}]) {
      const answer = await main.post('/channels', { type: 'DIRECT', members })
      expectRefusal(answer, 400)
      expect(answer.body).toMatchObject({ field: 'members', code: 'missing_field' })
    }
    const [alone] = await createUsers(1)
    const channel = await createChannel(main, { type: 'DIRECT', creator: { id: alone.id } })
    expect(channel.members).toEqual([embedded(alone)])
  })
})

describe('retrieveChannel', () => {
  it('shows the newest message that is not deleted', async () => {
    const channel = await createChannel(main)
    const [user] = await createUsers(1)
    const first = await sendMessage(main, channel.id, { user: { id: user.id }, body: `<@${user.name}>` })
    const second = await sendMessage(main, channel.id)
    const last = async () => (await main.get(`/channels/${channel.id}`)).body.lastReceivedMessage
    expect(await last()).toEqual(embedded(second))
    await main.delete(`/messages/${second.id}`).expect(200)
    expect(await last()).toEqual(embedded(first))
  })

  it('answers 404 for a channel that does not exist', async () => {
    expectRefusal(await main.get(`/channels/${missing}`), 404, 'ResourceNotFoundError')
  })
})

describe('updateChannel', () => {
  it('merges a patch and leaves everything else unchanged', async () => {
    const channel = await createChannel(main, { properties: { keep: 1, drop: 2, deep: { a: 1 } } })
    const { body } = await main
      .patch(`/channels/${channel.id}`, {
        display_name: 'New',
        properties: { drop: null, deep: { b: 2 } },
        name: 'ignored',
        type: 'PRIVATE',
      })
      .expect(200)
    expect(body).toEqual({ ...channel, displayName: 'New', properties: { keep: 1, deep: { a: 1, b: 2 } } })
    expect((await main.get(`/channels/${channel.id}`)).body).toEqual(body)
    const emptied = await main.patch(`/channels/${channel.id}`, { properties: null }).expect(200)
    expect(emptied.body.properties).toEqual({})
  })

  it('changes the properties of a direct channel, which has no name', async () => {
    const channel = await createChannel(main, { type: 'DIRECT', members: refs(await createUsers(2)) })
    const { body } = await main
      .patch(`/channels/${channel.id}`, { displayName: 'x', properties: { a: 1 } })
      .expect(200)
    expect(body).toEqual({ ...channel, properties: { a: 1 } })
  })

  it('refuses an invalid display name', async () => {
    const channel = await createChannel(main)
    for (const displayName of [null, '', ' ', 5]) {
      const answer = await main.patch(`/channels/${channel.id}`, { displayName })
      expectRefusal(answer, 400)
      expect(answer.body).toMatchObject({ resource: 'channel', field: 'displayName', code: 'invalid' })
    }
    expectRefusal(await main.patch(`/channels/${missing}`, {}), 404)
  })
})

describe('deleteChannel', () => {
  it('answers with the application; everything in the channel is deleted with it', async () => {
    const users = await createUsers(1)
    const channel = await createChannel(main, { name: `doomed-${uuid()}`, members: refs(users) })
    const message = await sendMessage(main, channel.id)
    const { body } = await main.delete(`/channels/${channel.id}`).expect(200)
    expect(body).toMatchObject({ id: main.id, key: main.apiKey })
    for (const path of ['', '/members', '/memberships', '/moderators', '/participants', '/messages']) {
      expectRefusal(await main.get(`/channels/${channel.id}${path}`), 404)
    }
    expectRefusal(await main.get(`/messages/${message.id}`), 404)
    expectRefusal(await main.delete(`/channels/${channel.id}`), 404)
    expectRefusal(await main.post(`/channels/${channel.id}/messages`, { type: 'TEXT', body: 'x' }), 404)
    expect((await main.get(`/users/${users[0].id}/channels`)).body._embedded.channels).toEqual([])
    const heir = await createChannel(main, { type: 'PRIVATE', name: channel.name })
    expect(heir.id).not.toBe(channel.id)
  })

  it('answers 404 or success, never 500, to requests that use the channel meanwhile', async () => {
    const users = await createUsers(3)
    for (let round = 0; round < 5; round++) {
      const channel = await createChannel(main)
      const path = `/channels/${channel.id}`
      const answers = await Promise.all([
        ...users.map(({ id }) => main.post(`${path}/members`, { id })),
        ...users.map(({ id }) => main.post(`${path}/moderators`, { id })),
        ...Array.from({ length: 5 }, () => main.post(`${path}/messages`, { type: 'TEXT', body: 'x' })),
        main.delete(path),
        main.patch(path, { displayName: 'x' }),
        main.get(`${path}/members`),
      ])
      for (const { status } of answers) expect(status).toBeOneOf([200, 404])
    }
  })
})
