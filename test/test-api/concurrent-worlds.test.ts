import type supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChannelDocument, UserDocument } from '../support/documents.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'
import { allPublished, everything } from './furnished.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi({ RATE_LIMIT_PER_SECOND: 'off' })
})
afterAll(() => server.close())

const reset = (world: World) => server.testApi.post(`/worlds/${world.id}/reset`).expect(200)
const user = (name: string) => ({ name, displayName: name, isGuest: false })

describe('concurrent worlds', () => {
  it('do not affect each other, whatever happens in them', async () => {
    const worlds = await Promise.all(Array.from({ length: 40 }, () => server.createWorld()))
    const model = new Map(worlds.map((world) => [world.id, new Set<string>()]))
    const random = (max: number) => Math.floor(Math.random() * max)
    const work = async (world: World) => {
      const names = model.get(world.id) as Set<string>
      for (let step = 0; step < 8; step += 1) {
        const action = random(6)
        if (action < 4) {
          const name = `user-${random(4)}`
          const { status } = await server.as(world).post('/users').send(user(name))
          expect(status).toBe(names.has(name) ? 400 : 200)
          names.add(name)
        } else if (action === 4) {
          await reset(world)
          names.clear()
        } else {
          const { body } = await server.testApi.post(`/worlds/${world.id}/snapshots`).expect(201)
          await server.as(world).post('/users').send(user('late')).expect(200)
          await server.testApi.post(`/worlds/${world.id}/restore`).send({ snapshot: body.id }).expect(200)
        }
        const { body } = await server.as(world).get('/users').expect(200)
        expect(new Set(body._embedded?.users.map(({ name }: UserDocument) => name))).toEqual(names)
        expect(body.page.totalElements).toBe(names.size)
      }
    }
    await Promise.all(worlds.map(work))
    await Promise.all(worlds.map(({ id }) => server.testApi.delete(`/worlds/${id}`).expect(204)))
  })

  it('can be reset, restored, copied, written to and removed at the same time', async () => {
    const world = await server.createWorld({ seed: everything })
    const { body: snapshot } = await server.testApi.post(`/worlds/${world.id}/snapshots`).expect(201)
    const { body: channels } = await server.as(world).get('/channels').expect(200)
    const deck = channels._embedded.channels.find(({ name }: ChannelDocument) => name === 'deck')
    const statuses = new Set<string>()
    const ask = async (name: string, test: supertest.Test) => statuses.add(`${name} ${(await test).status}`)
    const acts = [
      () => ask('reset', server.testApi.post(`/worlds/${world.id}/reset`)),
      () =>
        ask('restore', server.testApi.post(`/worlds/${world.id}/restore`).send({ snapshot: snapshot.id })),
      () => ask('snapshot', server.testApi.post(`/worlds/${world.id}/snapshots`)),
      () => ask('copy', server.testApi.post('/worlds').send({ snapshot: snapshot.id })),
      () =>
        ask(
          'user',
          server
            .as(world)
            .post('/users')
            .send(user(`u${Math.random()}`)),
        ),
      () =>
        ask(
          'channel',
          server
            .as(world)
            .post('/channels')
            .send({ type: 'PUBLIC', creator: { username: 'jane' } }),
        ),
      ...Array.from(
        { length: 6 },
        () => () =>
          ask(
            'send',
            server
              .as(world)
              .post(`/channels/${deck.id}/messages`)
              .send({ type: 'TEXT', body: 'x', user: { username: 'jane' } }),
          ),
      ),
    ]
    await Promise.all(
      Array.from({ length: 120 }, (_, at) => (acts[at % acts.length] as () => Promise<unknown>)()),
    )
    const faults = [...statuses].filter((status) => / 5\d\d/.test(status))
    expect(faults).toEqual([])
    expect(statuses).toContain('reset 200')

    await reset(world)
    await allPublished(server)
    const { body: messages } = await server.as(world).get(`/channels/${deck.id}/messages`).expect(200)
    expect(messages._embedded.messages).toHaveLength(2)
    expect(messages.page.total).toBe(2)
    const answers = await Promise.all([
      server.testApi.delete(`/worlds/${world.id}`),
      server.testApi.delete(`/worlds/${world.id}`),
      server.testApi.post(`/worlds/${world.id}/reset`),
      server.testApi.post(`/worlds/${world.id}/restore`).send({ snapshot: snapshot.id }),
    ])
    for (const { status } of answers) expect([200, 204, 404]).toContain(status)
    await server.testApi.get(`/worlds/${world.id}`).expect(404)
  })
})
