// Helpers to call the test API of a server.
import supertest from 'supertest'
import { clockOf } from './clock.ts'
import type { TestServer } from './server.ts'
import { startServer } from './server.ts'

/** The answer of `POST /_test/worlds`. */
export interface World {
  id: number
  name: string
  url: string
  host: string
  secure: boolean
  applicationId: number
  clientId: string
  clientSecret: string
  apiKey: string
  accessToken: string
  createdTime: string
}

export interface TestApiServer extends TestServer {
  /** Requests with paths relative to `/_test`. */
  testApi: Pick<supertest.Agent, 'get' | 'post' | 'put' | 'delete'>
  clock: ReturnType<typeof clockOf>
  createWorld(body?: Record<string, unknown>): Promise<World>
  /** Requests with paths relative to `/v1` and the world's token. */
  as(world: World): supertest.Agent
  /** Requests a user of the world, who is no guest. */
  createUser(world: World, name: string, more?: object): supertest.Test
}

export async function startTestApi(settings: Record<string, string> = {}): Promise<TestApiServer> {
  const server = await startServer({ TEST_API: 'on', ...settings })
  const agent = supertest(server.url)
  const below = (prefix: string, to: supertest.Agent | ReturnType<typeof supertest>) =>
    new Proxy(to, {
      get: (target, method) => (path: string) =>
        target[method as 'get' | 'post' | 'put' | 'delete'](`${prefix}${path}`),
    }) as supertest.Agent
  const testApi = below('/_test', agent)
  const as = (world: World) =>
    below('/v1', supertest.agent(server.url).auth(world.accessToken, { type: 'bearer' }))
  return {
    ...server,
    testApi,
    clock: clockOf(testApi),
    async createWorld(body = {}) {
      const { body: world } = await testApi.post('/worlds').send(body).expect(201)
      return world
    },
    as,
    createUser(world, name, more) {
      const user = { name, displayName: name, isGuest: false, ...more }
      return as(world).post('/users').send(user)
    },
  }
}
