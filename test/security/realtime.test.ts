// Every relay, topic and action by all callers of the tables.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { blockUser } from '#domain/users/block-user.ts'
import { Router } from '#realtime/router.ts'
import { openRouter } from '#realtime/table.ts'
import type { Address, AnyHypermedia } from '#resources/address.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { callerOf } from '../support/as-user.ts'
import { createUser } from '../support/factories.ts'
import { dumpRows } from '../support/rows.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { channels, connections, own, users } from './table.ts'
import {
  type ChannelKind,
  connect,
  createDeletedApplication,
  createPeople,
  createPlace,
  type Name,
  type People,
  type Place,
  Session,
  treasure,
} from './world.ts'

/** The patterns of all destinations of the server. */
const destinations = destinationsOf(() => openRouter())

let server: TestServer
let people: People
let stranger: { application: TestApplication; name: string }
/** Channels with their contents. Requests that must be refused refer to them, too. */
const places = {} as Record<ChannelKind, Place>
const sessions = {} as Record<Name | 'other', Session>

beforeAll(async () => {
  server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
  people = await createPeople(server.main)
  for (const kind of ['PUBLIC', 'PRIVATE', 'DIRECT'] as const) places[kind] = await fresh(kind)
  const application = await server.createApplication()
  stranger = { application, name: (await createUser(application)).name }
  for (const [name, person] of Object.entries(people)) {
    sessions[name as Name] = await connect(server.url, server.main.apiKey, person)
  }
  sessions.other = await connect(server.url, application.apiKey, stranger)
})
afterAll(async () => {
  for (const { stomp } of Object.values(sessions)) stomp.ws.terminate()
  await server.close()
})

const fresh = (kind: ChannelKind, active?: Name | 'other') =>
  createPlace(server, server.main, people, kind, active)

/** The caller and the kind of channel for each column of the table of channels. */
const columns: Record<string, [Name | 'other', ChannelKind][]> = {
  moderator: [
    ['moderator', 'PUBLIC'],
    ['moderator', 'PRIVATE'],
  ],
  author: [
    ['author', 'PUBLIC'],
    ['author', 'PRIVATE'],
  ],
  member: [
    ['member', 'PUBLIC'],
    ['member', 'PRIVATE'],
  ],
  direct: [['member', 'DIRECT']],
  visitor: [
    ['outsider', 'PUBLIC'],
    ['guest', 'PUBLIC'],
  ],
  outsider: [
    ['outsider', 'PRIVATE'],
    ['guest', 'PRIVATE'],
    ['outsider', 'DIRECT'],
    ['guest', 'DIRECT'],
  ],
  blocked: [
    ['blocked', 'PUBLIC'],
    ['blocked', 'PRIVATE'],
  ],
  other: [
    ['other', 'PUBLIC'],
    ['other', 'PRIVATE'],
    ['other', 'DIRECT'],
  ],
}

/** The body of an action, beyond the fields of all actions. */
function bodyOf(destination: string): unknown {
  const { member, moderator, outsider } = people
  const one = destination.split('.').at(-1) as string
  const special: Record<string, unknown> = {
    block: { id: member.id },
    add_moderator: { id: member.id },
    delete_moderator: { id: moderator.id },
    invite: { user: { id: outsider.id } },
    leave: {},
    create_channel: { type: 'PUBLIC', name: uuid() },
    update_display_picture: {
      url: 'https://example.com/a.png',
      name: 'a.png',
      contentType: 'image/png',
      size: 1,
    },
  }
  const usual = {
    type: 'TEXT',
    body: 'x',
    keys: 'x',
    name: uuid(),
    emoji: 'tada',
    state: 'ON',
    reason: 'x',
  }
  return special[one] ?? { ...usual, displayName: 'x', properties: {} }
}

/** Returns a destination with the ids of a place. */
function at(pattern: string, { channelId, messageId, replyId, recordId }: Place): string {
  const isReply = pattern.includes('.parent.')
  const id = /\/messages\/|\/threads\//.test(pattern) ? (isReply ? replyId : messageId) : channelId
  return pattern
    .replace('{channelId}', () => String(channelId))
    .replace('{id}', () => String(pattern.includes('block_records.{id}') ? recordId : id))
}

/** The form that older clients use. */
const versioned = (destination: string) => destination.replace(/^\/application\//, '/application/v1/')

const isWrite = (destination: string) => !destination.startsWith('/topic/') && !destination.endsWith('.relay')

it('has a row for each existing destination, and none for others', () => {
  const rows = [channels, users, own].flat().map(({ destination }) => destination)
  expect(rows.toSorted()).toEqual(destinations.toSorted())
  expect(destinations.length).toBeGreaterThan(100)
})

describe('without a session', () => {
  it('nothing can be read or done', async () => {
    const port = Number(new URL(server.url).port)
    const answers = await Promise.all(
      destinations.map(async (pattern) => {
        const stomp = await StompClient.open(port, `/rtm/websocket?api-key=${server.main.apiKey}`)
        const destination = at(pattern, places.PUBLIC)
        stomp.send(frame(isWrite(pattern) ? 'SEND' : 'SUBSCRIBE', { id: '1', destination }, '{}'))
        await stomp.closed
        return stomp.frames.map(({ command, body }) => [command, JSON.parse(body).error])
      }),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['[["ERROR","ProtocolError"]]']),
    )
  })

  it('clients that may not connect are refused', async () => {
    const { apiKey, token } = server.main
    const closed = await server.createApplication()
    const settings = { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' }
    await closed.put('/application/settings', settings).expect(200)
    const deleted = await createDeletedApplication(server)
    const { member, guest } = people
    const credentials: Record<string, [apiKey: string | undefined, name: string]> = {
      member: [apiKey, member.name],
      guest: [apiKey, guest.name],
      noKey: [undefined, member.name],
      unknownKey: [uuid(), member.name],
      keyOfDeletedApplication: [deleted.apiKey, member.name],
      accessToken: [token, member.name],
      noName: [apiKey, ''],
      strangerWithoutGuests: [closed.apiKey, 'somebody'],
    }
    const answers = []
    for (const [who, given] of Object.entries(credentials)) {
      const session = await Session.connect(server.url, ...given)
      if (typeof session !== 'string') session.stomp.ws.terminate()
      answers.push({ who, answer: typeof session === 'string' ? session : 'yes' })
    }
    expect(answers).toEqual(connections)
  })
})

describe('in channels,', () => {
  it('every forbidden request is refused, in both naming conventions, and changes nothing', async () => {
    const before = await dumpRows(server)
    const wrong: string[] = []
    await inParallel(channels, async (who, kind, column, rows) => {
      for (const row of rows.filter(({ [column]: cell }) => cell !== 'yes')) {
        const destination = at(row.destination as string, places[kind])
        for (const spelling of [destination, versioned(destination)]) {
          const answer = await sessions[who].ask(spelling, bodyOf(destination))
          if (answer !== row[column]) wrong.push(`${who} (${column}) of ${kind}: ${spelling} ${answer}`)
        }
      }
    })
    expect(wrong).toEqual([])
    expect(await dumpRows(server)).toBe(before)
  })

  it('every allowed read is answered', async () => {
    const wrong: string[] = []
    await inParallel(channels, async (who, kind, column, rows) => {
      for (const row of rows.filter(({ [column]: cell }) => cell === 'yes')) {
        if (isWrite(row.destination as string)) continue
        const destination = at(row.destination as string, places[kind])
        const answer = await sessions[who].ask(destination)
        if (answer !== 'yes') wrong.push(`${who} (${column}) of ${kind}: ${destination} ${answer}`)
      }
    })
    expect(wrong).toEqual([])
  })

  it('every allowed action is done, each in a separate channel', async () => {
    const wrong: string[] = []
    await inParallel(channels, async (who, kind, column, rows) => {
      if (kind === 'PUBLIC' && column !== 'visitor') return // as in private ones
      for (const row of rows.filter(({ [column]: cell }) => cell === 'yes')) {
        if (!isWrite(row.destination as string)) continue
        const destination = at(row.destination as string, await fresh(kind, who))
        const answer = await sessions[who].ask(destination, bodyOf(destination))
        if (answer !== 'yes') wrong.push(`${who} (${column}) of ${kind}: ${destination} ${answer}`)
      }
    })
    expect(wrong).toEqual([])
  })

  it('nothing was shown to another application', () => {
    expect(sessions.member.shown).toContain(treasure)
    expect(sessions.other.shown).not.toContain(treasure)
  })
})

describe('of users', () => {
  it.each(users.map((row) => [row.destination as string, row]))('%s', async (pattern, row) => {
    const { apiKey } = server.main
    const oneself = await createUser(server.main)
    await blockUser(server.ctx, callerOf(server.main, oneself), people.blocked.id)
    const [record] = await server.ctx.db.query({ text: 'select id from user_block where blocker_id = $1' }, [
      oneself.id,
    ])
    const id = pattern.includes('blocked_records') ? record?.[0] : oneself.id
    const destination = pattern.replace('{id}', () => String(id))
    const channelId = String(places.PUBLIC.channelId)
    const asked = (session: Session) => session.ask(destination, bodyOf(destination), { channelId })
    const answers = {
      other: await asked(sessions.other),
      guest: await asked(sessions.guest),
      member: await asked(sessions.member),
      oneself: await asked(await connect(server.url, apiKey, oneself)),
    }
    expect({ ...answers, destination: pattern }).toEqual(row)
  })
})

describe("the user's own destinations:", () => {
  it.each(own.map(({ anybody, destination }) => [destination, anybody]))(
    '%s answers every user',
    async (pattern, cell) => {
      const destination = pattern as string
      for (const who of ['member', 'guest', 'blocked', 'other'] as const) {
        expect([who, await sessions[who].ask(destination, bodyOf(destination))]).toEqual([who, cell])
      }
      expect(sessions.other.shown).not.toContain(treasure)
    },
  )
})

/** Tests the columns of a table concurrently. */
async function inParallel(
  rows: typeof channels,
  go: (who: Name | 'other', kind: ChannelKind, column: string, rows: typeof channels) => Promise<void>,
): Promise<void> {
  const turns = Map.groupBy(
    Object.entries(columns).flatMap(([column, asked]) => asked.map(([who, kind]) => ({ column, who, kind }))),
    ({ who }) => who,
  )
  await Promise.all(
    [...turns.values()].map(async (all) => {
      for (const { who, kind, column } of all) await go(who, kind, column, rows)
    }),
  )
}

/** The destinations in the server's own directory, without aliases. */
function destinationsOf(open: () => Router): string[] {
  const add = vi.spyOn(Router.prototype, 'add')
  const alias = vi.spyOn(Router.prototype, 'alias')
  open()
  const patterns = add.mock.calls
    .flatMap(([{ relays, topics, actions }]: [AnyHypermedia, ...unknown[]]) => [relays, topics, actions])
    .flatMap((addresses) => Object.values(addresses).map(({ pattern }: Address) => pattern))
  const others = alias.mock.calls.map(([{ pattern }]) => pattern)
  vi.restoreAllMocks()
  return [...new Set([...patterns, ...others])]
}
