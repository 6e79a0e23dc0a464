import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChannelDocument, PageDocument } from '../support/documents.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'
import { allPublished, dump, everything } from './furnished.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi()
})
afterAll(() => server.close())

const named = <List extends string>({ _embedded }: PageDocument<List, { name: string }>, list: List) =>
  _embedded[list].map(({ name }) => name)

describe('a seed', () => {
  it('gives a world users, channels, messages and functions, which refer to each other by name', async () => {
    const as = server.as(await server.createWorld({ seed: everything }))
    const { body: users } = await as.get('/users?sort=name').expect(200)
    expect(users._embedded.users).toMatchObject([
      { name: 'gil', isGuest: true },
      { name: 'jane', displayName: 'Jane', properties: { role: 'captain' } },
      { name: 'john', displayPictureUrl: 'https://example.com/john.png' },
    ])
    const { body: channels } = await as.get('/channels').expect(200)
    expect(channels.page.totalElements).toBe(3)
    const deck = channels._embedded.channels.find(({ name }: ChannelDocument) => name === 'deck')
    expect(deck).toMatchObject({ type: 'PUBLIC', displayName: 'The deck', creator: { name: 'jane' } })
    const { body: members } = await as.get(`/channels/${deck.id}/members?sort=name`).expect(200)
    expect(named(members, 'users')).toEqual(['gil', 'jane', 'john'])
    const { body: messages } = await as.get(`/channels/${deck.id}/messages`).expect(200)
    expect(messages._embedded.messages).toMatchObject([
      { type: 'SYSTEM_TEXT', body: 'Land!' },
      {
        type: 'TEXT',
        user: { name: 'jane' },
        mentions: [{ user: { name: 'john' } }, { channel: { name: 'hold' } }],
      },
    ])
    const { body: functions } = await as.get('/runtimes/nodejs/functions').expect(200)
    expect(functions._embedded.functions).toMatchObject([
      { name: 'echo', type: 'user.sent.message', currentVersionNumber: 1, enabled: true },
    ])
  })

  it('may be written like imports, in either naming convention', async () => {
    const users = [{ name: 'jane', display_name: 'Jane', is_guest: true, properties: null, id: 7 }]
    const as = server.as(await server.createWorld({ seed: { users } }))
    const { body } = await as.get('/users').expect(200)
    expect(body._embedded.users).toMatchObject([{ name: 'jane', displayName: 'Jane', isGuest: true }])
  })

  it('triggers nothing: no notifications, no functions, no events', async () => {
    const world = await server.createWorld({ seed: everything })
    await allPublished(server)
    const { prisma } = server.ctx.db
    const applicationId = BigInt(world.id)
    expect(await prisma.notification.count({ where: { recipient: { applicationId } } })).toBe(0)
    expect(await prisma.functionInvocation.count({ where: { function: { applicationId } } })).toBe(0)
    expect(await prisma.eventLog.count({ where: { applicationId } })).toBe(0)
  })

  it('contains functions that run from then on', async () => {
    const world = await server.createWorld({ seed: everything })
    const as = server.as(world)
    const { body: channels } = await as.get('/channels').expect(200)
    const { id } = channels._embedded.channels.find(({ name }: ChannelDocument) => name === 'deck')
    await as
      .post(`/channels/${id}/messages`)
      .send({ type: 'TEXT', body: 'Aye', user: { username: 'jane' } })
      .expect(200)
    const { body } = await as.get('/runtimes/nodejs/functions').expect(200)
    const [{ id: functionId }] = body._embedded.functions
    await expect
      .poll(
        async () =>
          (await as.get(`/functions/${functionId}/invocations`)).body._embedded.invocations[0]?.status,
      )
      .toBe('SUCCEEDED')
  })

  it('is applied on top of a snapshot', async () => {
    const { id } = await server.createWorld({ seed: everything })
    const { body: snapshot } = await server.testApi.post(`/worlds/${id}/snapshots`).expect(201)
    const seed = {
      users: [{ name: 'kim', displayName: 'Kim' }],
      messages: [{ type: 'TEXT', channel: 'deck', user: 'kim', body: 'Late' }],
    }
    const as = server.as(await server.createWorld({ snapshot: snapshot.id, seed }))
    const { body } = await as.get('/users?sort=name').expect(200)
    expect(named(body, 'users')).toEqual(['gil', 'jane', 'john', 'kim'])
  })

  const jane = { name: 'jane', displayName: 'Jane' }
  const picture = { url: 'https://example.com/j.png', name: 'j.png', contentType: 'image/png', size: 1 }
  const den = { type: 'PUBLIC', name: 'den' }
  const text = { type: 'TEXT', channel: 'den', user: 'jane', body: 'Hi' }
  it.each([
    [{ user: [] }, 'seed.user'],
    [{ users: {} }, 'seed.users'],
    [{ users: [jane, jane, jane, { displayName: 'X' }] }, 'seed.users[3].name'],
    [{ users: [{ ...jane, displayName: '' }] }, 'seed.users[0].displayName'],
    [{ users: ['jane'] }, 'seed.users[0]'],
    [{ users: [{ ...jane, nick: 'j' }] }, 'seed.users[0].nick'],
    [{ users: [{ ...jane, displayPicture: { ...picture, sise: 1 } }] }, 'seed.users[0].displayPicture.sise'],
    [{ users: [jane], channels: [{ ...den, memebers: ['jane'] }] }, 'seed.channels[0].memebers'],
    [
      { users: [jane], channels: [den], messages: [{ ...text, createdTime: '2026-01-01T00:00:00Z' }] },
      'seed.messages[0].createdTime',
    ],
    [{ users: [null] }, 'seed.users[0]'],
    [{ users: [{ ...jane, name: 'a\u0000' }] }, 'seed.users[0].name'],
    [{ channels: [{ type: 'SECRET' }] }, 'seed.channels[0].type'],
    [{ channels: [{ ...den, creator: 'jane' }] }, 'seed.channels[0].creator'],
    [{ users: [jane], channels: [den, { ...den, members: ['jane', 'joe'] }] }, 'seed.channels[1].members[1]'],
    [{ channels: [den, { type: 'PRIVATE', name: 'den' }] }, 'seed.channels[1]'],
    [{ channels: [{ type: 'DIRECT' }] }, 'seed.channels[0]'],
    [{ messages: [text] }, 'seed.messages[0].channel'],
    [{ channels: [den], messages: [text] }, 'seed.messages[0].user'],
    [{ users: [jane], channels: [den], messages: [{ ...text, body: '' }] }, 'seed.messages[0].body'],
    [
      { users: [jane], channels: [den], messages: [{ ...text, channel: undefined, channelId: 1 }] },
      'seed.messages[0].channel',
    ],
    [{ functions: [{ name: 'f', event: 'user.sent.smoke', script: '' }] }, 'seed.functions[0].event'],
    [
      { functions: [{ name: 'f', event: 'user.sent.message', script: 'export (' }] },
      'seed.functions[0].script',
    ],
    [{ users: [jane], functions: [{ name: 'f', event: 'user.sent.message' }] }, 'seed.functions[0].script'],
  ])('with an invalid item is refused as a whole: %j names %s', async (seed, field) => {
    const before = await dump(server)
    const worlds = await server.testApi.get('/worlds').expect(200)
    const { body } = await server.testApi.post('/worlds').send({ seed }).expect(400)
    const [problem] = body.errors
    expect(problem).toMatchObject({ field, message: expect.stringContaining(field) })
    expect(body.message).toContain(field)
    expect((await server.testApi.get('/worlds').expect(200)).body).toEqual(worlds.body)
    expect(await dump(server)).toEqual(before)
  })
})
