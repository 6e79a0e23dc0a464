import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
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

async function list(channel: { id: number }, what: string): Promise<UserDocument[]> {
  const { body } = await main.get(`/channels/${channel.id}/${what}`).expect(200)
  expect(body.page.totalElements).toBe(body._embedded[what === 'memberships' ? what : 'users'].length)
  return body._embedded[what === 'memberships' ? what : 'users']
}

describe('addChannelMember', () => {
  it('answers with the channel; a member stays one when added again', async () => {
    const [user, channel] = [await createUser(main), await createChannel(main)]
    const references = [{ id: user.id }, { username: user.name }, { href: user._links.self.href }]
    for (const reference of references) {
      const { body } = await main.post(`/channels/${channel.id}/members`, reference).expect(200)
      expect(body).toEqual(channel)
    }
    expect(await list(channel, 'members')).toEqual([user])
  })

  it('adds concurrent members, each once', async () => {
    const channel = await createChannel(main)
    const users = await Promise.all(Array.from({ length: 6 }, () => createUser(main)))
    const twice = [...users, ...users]
    await Promise.all(twice.map(({ id }) => main.post(`/channels/${channel.id}/members`, { id }).expect(200)))
    expect(await list(channel, 'members')).toHaveLength(6)
  })

  it('answers 404 for a channel or user that does not exist, 400 for no reference', async () => {
    const [user, channel] = [await createUser(main), await createChannel(main)]
    expectRefusal(await main.post(`/channels/${missing}/members`, { id: user.id }), 404)
    expectRefusal(await main.post(`/channels/${channel.id}/members`, { id: missing }), 404)
    expectRefusal(await main.post(`/channels/${channel.id}/members`, { username: 'nobody' }), 404)
    expectRefusal(await main.post(`/channels/${channel.id}/members`, {}), 400)
    expect(await list(channel, 'members')).toEqual([])
  })
})

describe('listChannelMembers', () => {
  it('lists the oldest users first, and sorts as asked', async () => {
    const users = []
    for (const name of ['m-b', 'm-C', 'm-a']) users.push(await createUser(main, { name }))
    const channel = await createChannel(main, { members: users.map(({ id }) => ({ id })).reverse() })
    const names = (found: UserDocument[]) => found.map(({ name }) => name)
    expect(names(await list(channel, 'members'))).toEqual(['m-b', 'm-C', 'm-a'])
    const sorted = await main.get(`/channels/${channel.id}/members?sort=name,desc`).expect(200)
    expect(names(sorted.body._embedded.users)).toEqual(['m-C', 'm-b', 'm-a'])
  })
})

describe('retrieving a member', () => {
  it('answers with the user, and 404 for a user who is no member', async () => {
    const [user, other] = [await createUser(main), await createUser(main)]
    const channel = await createChannel(main, { members: [{ id: user.id }] })
    expect((await main.get(`/channels/${channel.id}/members/${user.id}`).expect(200)).body).toEqual(user)
    expectRefusal(await main.get(`/channels/${channel.id}/members/${other.id}`), 404)
    expectRefusal(await main.get(`/channels/${missing}/members/${user.id}`), 404)
  })
})

describe('removeChannelMember', () => {
  it('answers with the channel, and 404 the second time', async () => {
    const user = await createUser(main)
    const channel = await createChannel(main, { members: [{ id: user.id }] })
    const path = `/channels/${channel.id}/members/${user.id}`
    expect((await main.delete(path).expect(200)).body).toEqual(channel)
    expect(await list(channel, 'members')).toEqual([])
    expectRefusal(await main.delete(path), 404)
    expectRefusal(await main.delete(`/channels/${missing}/members/${user.id}`), 404)
  })

  it('removes the moderator role with the membership', async () => {
    const user = await createUser(main)
    const channel = await createChannel(main, { creator: { id: user.id } })
    await main.delete(`/channels/${channel.id}/members/${user.id}`).expect(200)
    expect(await list(channel, 'moderators')).toEqual([])
    await main.post(`/channels/${channel.id}/members`, { id: user.id }).expect(200)
    expect(await list(channel, 'moderators')).toEqual([])
  })
})

describe('listChannelMemberships', () => {
  it('shows when each joined, and links to the user and the channel', async () => {
    const users = [await createUser(main), await createUser(main)]
    const channel = await createChannel(main, { members: users.map(({ id }) => ({ id })) })
    const memberships = await list(channel, 'memberships')
    expect(memberships).toEqual(
      users.map((user) => ({
        createdTime: expect.stringMatching(/\.\d{3}Z$/),
        _links: {
          user: user._links.self,
          channel: channel._links.self,
          member: { href: `${channel._links.self.href}/members/${user.id}` },
          application: channel._links.application,
        },
      })),
    )
    const member = new URL(memberships[0]?._links.member.href ?? '').pathname.replace('/v1', '')
    expect((await main.get(member).expect(200)).body).toEqual(users[0])
  })
})

describe('moderators', () => {
  it('answers with the user, who is a member from then on', async () => {
    const [user, channel] = [await createUser(main), await createChannel(main)]
    for (let time = 0; time < 2; time++) {
      const { body } = await main
        .post(`/channels/${channel.id}/moderators`, { username: user.name })
        .expect(200)
      expect(body).toEqual(user)
    }
    expect(await list(channel, 'moderators')).toEqual([user])
    expect(await list(channel, 'members')).toEqual([user])
  })

  it('loses the role but stays a member when removed', async () => {
    const user = await createUser(main)
    const channel = await createChannel(main, { creator: { id: user.id } })
    const path = `/channels/${channel.id}/moderators/${user.id}`
    const { body } = await main.delete(path).expect(200)
    expect(body).toEqual(channel)
    expect(await list(channel, 'moderators')).toEqual([])
    expect(await list(channel, 'members')).toHaveLength(1)
    expectRefusal(await main.delete(path), 404)
  })

  it('answers 404 for a channel or user that does not exist', async () => {
    const [user, channel] = [await createUser(main), await createChannel(main)]
    expectRefusal(await main.post(`/channels/${missing}/moderators`, { id: user.id }), 404)
    expectRefusal(await main.post(`/channels/${channel.id}/moderators`, { id: missing }), 404)
    expectRefusal(await main.delete(`/channels/${channel.id}/moderators/${user.id}`), 404)
  })
})

describe('a direct channel', () => {
  it('keeps its members: nobody is added, removed or made a moderator', async () => {
    const [one, two, other] = [await createUser(main), await createUser(main), await createUser(main)]
    const channel = await createChannel(main, { type: 'DIRECT', members: [{ id: one.id }, { id: two.id }] })
    const path = `/channels/${channel.id}`
    const answers = [
      await main.post(`${path}/members`, { id: other.id }),
      await main.delete(`${path}/members/${one.id}`),
      await main.post(`${path}/moderators`, { id: one.id }),
      await main.delete(`${path}/moderators/${one.id}`),
    ]
    for (const answer of answers) {
      expectRefusal(answer, 400)
      expect(answer.body).toMatchObject({ resource: 'channel', field: 'type', code: 'invalid' })
    }
    expect(await list(channel, 'members')).toEqual([one, two])
    expect(await list(channel, 'moderators')).toEqual([])
  })
})

describe('listChannelParticipants', () => {
  it('lists the members with a session in the channel', async () => {
    const [there, gone] = [await createUser(main), await createUser(main)]
    const channel = await createChannel(main, { members: [{ id: there.id }, { id: gone.id }] })
    expect(await list(channel, 'participants')).toEqual([])
    for (const [user, state] of [
      [there, 'ACTIVE'],
      [gone, 'ENDED'],
    ] as const) {
      const session = await server.ctx.db.prisma.userSession.create({
        data: {
          applicationId: BigInt(main.id),
          userId: BigInt(user.id),
          key: uuid(),
          node: server.ctx.node.id,
        },
      })
      await server.ctx.db.prisma.chatSession.create({
        data: { sessionId: session.id, channelId: BigInt(channel.id), state },
      })
    }
    expect(await list(channel, 'participants')).toEqual([there])
  })
})

describe('unread messages', () => {
  it('are only those sent after the user joined', async () => {
    const application = await server.createApplication()
    const [early, late] = [await createUser(application), await createUser(application)]
    const channel = await createChannel(application, { members: [{ id: early.id }] })
    await sendMessage(application, channel.id)
    await application.post(`/channels/${channel.id}/members`, { id: late.id }).expect(200)
    const unread = async () => {
      const { body } = await application.get('/users?unread=true&sort=id')
      return body._embedded.users.map(({ id }: UserDocument) => id)
    }
    expect(await unread()).toEqual([early.id])
    await sendMessage(application, channel.id)
    expect(await unread()).toEqual([early.id, late.id])
  })
})
