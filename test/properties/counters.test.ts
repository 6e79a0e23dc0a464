// Counters are maintained without counting rows, and are exact at every moment, whatever happens concurrently and
// whenever events are taken.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { counterValue } from '#data/events/counters.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import type { CounterScope } from '#resources/event-description.ts'
import { type HeldEvents, holdEvents } from '../support/held-events.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let events: HeldEvents
let application: TestApplication
beforeAll(async () => {
  server = await startServer()
  events = await holdEvents(server)
})
beforeEach(async () => {
  application = await server.createApplication()
})
afterAll(async () => {
  await events.close()
  await server.close()
})

/** The rows that each counter of an owner counts, in SQL. */
const counted = {
  'application.users': '"user" x where x.application_id = owner.id and x.deleted_time is null',
  'application.channels': 'channel x where x.application_id = owner.id',
  'application.public_channels': `channel x where x.application_id = owner.id and x.type = 'PUBLIC'`,
  'application.messages': `message x where x.application_id = owner.id and ${isKept('x')}`,
  'application.memberships':
    'channel_membership x join channel c on c.id = x.channel_id where c.application_id = owner.id',
  'channel.members': 'channel_membership x where x.channel_id = owner.id',
  'channel.messages': `message x where x.channel_id = owner.id and ${isKept('x')}`,
  'channel.main_messages': `message x where x.channel_id = owner.id and x.thread_id is null and ${isKept('x')}`,
  'thread.messages': `message x where x.thread_id = owner.id and ${isKept('x')}`,
} satisfies Record<CounterScope, string>
const scopes = Object.keys(counted) as CounterScope[]

async function mustBeExact(): Promise<void> {
  for (const scope of scopes) {
    const rows = await server.ctx.db.query(
      {
        text: `select owner.id, ${counterValue(scope, 'owner.id')}, (select count(*) from ${counted[scope]})
               from ${scope.split('.')[0]} owner`,
      },
      [],
    )
    for (const [id, value, count] of rows) expect({ scope, id, value }).toEqual({ scope, id, value: count })
  }
}

const at = fc.nat(5)
const commands = fc.oneof(
  fc.constant({ do: 'create user' as const }),
  fc.record({
    do: fc.constant('create channel' as const),
    direct: fc.boolean(),
    members: fc.array(at, { maxLength: 3 }),
  }),
  fc.record({ do: fc.constantFrom('add member', 'add moderator', 'remove member'), channel: at, user: at }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), channel: at, user: fc.option(at) }) },
  fc.record({ do: fc.constant('reply' as const), message: at }),
  fc.record({ do: fc.constant('delete message' as const), message: at }),
  fc.record({ do: fc.constant('delete channel' as const), channel: at }),
  fc.record({ do: fc.constant('delete user' as const), user: at }),
  fc.constant({ do: 'delete all messages' as const }),
  { weight: 2, arbitrary: fc.constant({ do: 'take events' as const }) },
)
type Command = typeof commands extends fc.Arbitrary<infer C> ? C : never

/** The ids of all created rows. Some of them may be deleted, so that commands also use unknown ids. */
interface World {
  users: number[]
  channels: number[]
  messages: number[]
}

async function run(world: World, command: Command): Promise<void> {
  const pick = (ids: number[], at: number) => ids[at % ids.length] ?? 1
  switch (command.do) {
    case 'create user':
      return made(world.users, '/users', { name: `user-${Math.random()}`, displayName: 'Someone' })
    case 'create channel': {
      const members = command.members.map((user) => ({ id: pick(world.users, user) }))
      return made(world.channels, '/channels', { type: command.direct ? 'DIRECT' : 'PUBLIC', members })
    }
    case 'add member':
      return done('post', `/channels/${pick(world.channels, command.channel)}/members`, {
        id: pick(world.users, command.user),
      })
    case 'add moderator':
      return done('post', `/channels/${pick(world.channels, command.channel)}/moderators`, {
        id: pick(world.users, command.user),
      })
    case 'remove member':
      return done(
        'delete',
        `/channels/${pick(world.channels, command.channel)}/members/${pick(world.users, command.user)}`,
      )
    case 'send': {
      const user = command.user === null ? undefined : { id: pick(world.users, command.user) }
      return made(world.messages, `/channels/${pick(world.channels, command.channel)}/messages`, {
        type: 'TEXT',
        body: 'x',
        user,
      })
    }
    case 'reply':
      return made(world.messages, `/threads/${pick(world.messages, command.message)}/messages`, {
        type: 'TEXT',
        body: 're: x',
      })
    case 'delete message':
      return done('delete', `/messages/${pick(world.messages, command.message)}`)
    case 'delete channel':
      return done('delete', `/channels/${pick(world.channels, command.channel)}`)
    case 'delete user':
      return done('delete', `/users/${pick(world.users, command.user)}`)
    case 'delete all messages':
      return done('delete', '/messages')
    case 'take events':
      await events.take()
  }
}

async function made(ids: number[], path: string, body: unknown): Promise<void> {
  const answer = await application.post(path, body)
  expect(answer.status, answer.text).toBeLessThan(500)
  if (answer.status === 200) ids.push(answer.body.id)
}

async function done(method: 'post' | 'delete', path: string, body?: unknown): Promise<void> {
  const answer = await application[method](path, body)
  expect(answer.status, answer.text).toBeLessThan(500)
}

describe('every counter equals count(*)', () => {
  const newWorld = async (): Promise<World> => {
    const world: World = { users: [], channels: [], messages: [] }
    for (let n = 0; n < 2; n++) {
      await run(world, { do: 'create user' })
      await run(world, { do: 'create channel', direct: false, members: [0, 1] })
    }
    return world
  }

  it('after each of any sequence of commands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(commands, { minLength: 5, maxLength: 15 }), async (sequence) => {
        const world = await newWorld()
        for (const command of sequence) {
          await run(world, command)
          await mustBeExact()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('after bursts of commands that run at the same time', async () => {
    const bursts = fc.array(fc.array(commands, { minLength: 2, maxLength: 10 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(bursts, async (bursts) => {
        const world = await newWorld()
        for (const burst of bursts) {
          await Promise.all(burst.map((command) => run(world, command)))
          await mustBeExact()
        }
        while ((await events.take())?.taken) {}
        await mustBeExact()
      }),
      { numRuns: 30 },
    )
  })
})
