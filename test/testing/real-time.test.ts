// The testing kit with the real-time API: actors, faults of frames and function runs, and their entries in the journal
// and in the coverage.
import {
  type ApiConnection,
  type Channel,
  connectApi,
  type Keystrokes,
  type Message,
  type Reaction,
  type User,
} from '@chatkitty/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EntryKind, EntryOf, StartedChatterie, World } from '#testing/index.ts'
import { startChatterie } from '#testing/index.ts'
import { done, Inbox } from '../conformance/realtime.ts'

let chatterie: StartedChatterie
let world: World
beforeAll(async () => {
  chatterie = await startChatterie()
})
afterAll(() => chatterie?.close())

const script = 'async function handleEvent({ message }) { return { said: message.body } }'
const connections: ApiConnection[] = []
beforeEach(async () => {
  world = await chatterie.createWorld({
    seed: {
      users: ['jane', 'joe'].map((name) => ({ name, displayName: name })),
      channels: [{ type: 'PUBLIC', name: 'lobby', members: ['jane', 'joe'] }],
      functions: [{ name: 'greeter', event: 'user.sent.message', script }],
    },
  })
})
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.dispose()))
  await world.remove()
})

/** Connects the official client of a user, and records the events of the lobby. */
async function enter(username: string) {
  const { apiKey, environment } = world
  const connection = await connectApi({ apiKey, username, $environment: environment })
  connections.push(connection)
  const client = connection.getSdkClient()
  const { paginator } = await done(client.listChannels())
  const [channel] = paginator.items as [Channel]
  const heard = {
    typed: new Inbox<[Keystrokes]>(),
    received: new Inbox<[Message, Message?]>(),
    entered: new Inbox<[User]>(),
    reacted: new Inbox<[Message, Reaction]>(),
  }
  client.startChatSession({
    channel,
    onKeystrokesReceived: heard.typed.put,
    onMessageReceived: heard.received.put,
    onParticipantEnteredChat: heard.entered.put,
    onMessageReactionAdded: heard.reacted.put,
  })
  await world.expect({ kind: 'frame', frame: 'SUBSCRIBE', username, destination: channel._topics.moderators })
  return { client, channel, heard, say: (body: string) => client.sendMessage({ channel, body }) }
}

describe('an actor', () => {
  it('is online, types, sends and reacts as real clients see it, until it is closed', async () => {
    const { client, channel, heard, say } = await enter('jane')
    const joe = await world.actor('joe')
    expect(joe).toMatchObject({ id: expect.any(Number), username: 'joe' })
    const online = async () => {
      const { paginator } = await done(client.listUsers())
      return paginator.items.find(({ name }) => name === 'joe')?.presence.online
    }
    expect(await online()).toBe(true)
    await joe.startChat('lobby')
    expect((await heard.entered.next())[0]).toMatchObject({ name: 'joe' })
    await joe.type(channel, 'Hel')
    expect((await heard.typed.next())[0]).toMatchObject({ keys: 'Hel', username: 'joe' })
    const sent = await joe.send(channel.id, 'Hello')
    expect((await heard.received.next())[0]).toMatchObject({ id: sent.id, body: 'Hello' })
    const { message } = await done(say('Hi'))
    await joe.react(message, '👍')
    expect((await heard.reacted.next())[0]).toMatchObject({ id: message.id })
    await joe.read('lobby')
    await world.expect({ kind: 'event', type: 'message.read_receipt.created', username: 'joe' })
    await joe.endChat('lobby')
    await Promise.all([joe.close(), joe.close()])
    await expect.poll(online).toBe(false)
    await expect(joe.send('lobby', 'from nowhere')).rejects.toThrow(/answered 404/)
  })
})

describe('a fault', () => {
  it('of a frame affects the official client, and is recorded in the journal', async () => {
    const { heard, say } = await enter('jane')
    const error = { error: 'RateLimitedError', message: 'Too much for a test' }
    const refusal = await world.fail({ frame: 'SEND', username: 'jane' }, { error, times: 1 })
    expect(await say('never')).toMatchObject({ failed: true, error })
    expect(await refusal.current()).toMatchObject({ hits: 1 })
    const struck = await world.expect({ kind: 'frame', frame: 'SEND', fault: refusal.id })
    expect(struck.body).toMatchObject({ body: 'never' })
    await world.fail({ frame: 'MESSAGE', username: 'jane' }, { drop: true, times: 1 })
    await world.fail({ frame: 'CONNECT', username: 'joe' }, { refuse: 'Not today', times: 1 })
    await expect(enter('joe')).rejects.toMatchObject({ message: expect.stringContaining('Not today') })
    expect(heard.received.items).toEqual([])
  })

  it('of a function fails its run', async () => {
    const { say } = await enter('jane')
    await world.fail({ function: 'greeter' }, { error: { error: 'OddError', message: 'How odd' }, times: 1 })
    await say('fails')
    const run = await world.expect({ kind: 'function', function: 'greeter', status: 'FAILED' })
    expect(run.error).toMatchObject({ name: 'OddError', message: 'How odd', reason: 'threw' })
  })
})

/** The fields of an entry. The compiler reports missing and unknown ones. */
type Fields<K extends EntryKind> = Record<keyof EntryOf<K>, true>
const common = { position: true, time: true, truncated: true } as const
const fields: { frame: Fields<'frame'>; event: Fields<'event'>; function: Fields<'function'> } = {
  frame: {
    ...common,
    ...{ kind: true, frame: true, username: true, destination: true, type: true, body: true },
    ...{ ack: true, id: true, how: true, fault: true },
  },
  event: {
    ...common,
    kind: true,
    type: true,
    username: true,
    channelId: true,
    threadId: true,
    payload: true,
  },
  function: {
    ...common,
    ...{ kind: true, function: true, type: true, status: true, durationMs: true, event: true },
    ...{ result: true, error: true, logs: true, fault: true },
  },
}

describe('the journal', () => {
  it('contains entries of every kind with the fields of their types', async () => {
    const { say } = await enter('jane')
    await say('runs')
    const run = await world.expect({ kind: 'function', status: 'SUCCEEDED', result: { said: 'runs' } })
    expect(run).toMatchObject({ function: 'greeter', type: 'user.sent.message', logs: [] })
    await connections.pop()?.dispose()
    await world.expect({ kind: 'frame', frame: 'DISCONNECT', username: 'jane' })
    for (const [kind, known] of Object.entries(fields)) {
      const entries = await world.journal({ kind: kind as EntryKind })
      expect(entries, kind).not.toEqual([])
      const names = new Set(entries.flatMap((entry) => Object.keys(entry)))
      expect(
        [...names].filter((name) => !(name in known)),
        kind,
      ).toEqual([])
    }
    const [event] = await world.journal({ kind: 'event', type: 'channel.message.created' })
    expect(event).toMatchObject({ username: 'jane', channelId: expect.any(Number), payload: {} })
  })
})

describe('the coverage', () => {
  it('counts what was used, lists what was not, and warns of what was accepted leniently', async () => {
    const { say } = await enter('jane')
    await say('counted')
    const answer = await fetch(`${world.url}/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ann', displayName: 'Ann', displayNam: 'An', isGuest: false }),
    })
    expect(answer.status).toBe(200)
    const { operations, unused, actions, relays, topics, warnings } = await world.coverage()
    expect(operations.createUser).toEqual({ count: 1, statuses: { 200: 1 } })
    expect(unused).toContain('deleteUser')
    expect(unused).not.toContain('createUser')
    for (const counts of [actions, relays, topics]) {
      expect(Object.values(counts).every((count) => count >= 1)).toBe(true)
      expect(Object.keys(counts)).not.toEqual([])
    }
    const warning = warnings.find(({ kind }) => kind === 'unknown field')
    expect(warning).toMatchObject({ count: 1, message: expect.stringMatching(/displayNam\b.*displayName/) })
    const all = await chatterie.coverage()
    expect(all.operations.createUser?.count).toBeGreaterThanOrEqual(1)
    const strict = await chatterie.createWorld({ strictness: 'strict' })
    const refused = await fetch(`${strict.url}/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${strict.accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ann', displayName: 'Ann', displayNam: 'An', isGuest: false }),
    })
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'ValidationError' }])
  })
})
