// An event that cannot be delivered does not hold back others: it is set aside, logged once and counted, and sessions
// that missed it have to resume or to start anew.
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MemoryBus } from '#bus/memory.ts'
import type { Counted } from '#metrics/metrics.ts'
import { Presenter } from '#realtime/presenter.ts'
import type { Session } from '#realtime/sessions/session.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { StompConnection } from '#stomp/connection.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import type { UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let bus: MemoryBus
beforeAll(async () => {
  server = await startServer()
  bus = server.ctx.bus as MemoryBus
})
afterAll(() => server.close())
let before: Map<Counted, number>
beforeEach(() => {
  before = new Map(counters.map((what) => [what, server.ctx.metrics.of(what)]))
})
afterEach(() => {
  vi.restoreAllMocks()
})

const counters: Counted[] = ['events set aside', 'sessions closed', 'signals unreadable']
/** Returns how often something was counted in this test. */
const counted = (what: Counted) => server.ctx.metrics.of(what) - (before.get(what) ?? 0)

const sql = (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)

/** A user subscribed to a channel. */
class Listener {
  readonly application: TestApplication
  readonly user: UserDocument
  stomp!: StompClient
  key = ''
  readonly #destination: string

  constructor(application: TestApplication, user: UserDocument, channelId: number) {
    this.application = application
    this.user = user
    this.#destination = channelHypermedia.topics.messages.at({ id: channelId })
  }

  async connect(): Promise<this> {
    const path = `/rtm/websocket?api-key=${this.application.apiKey}`
    this.stomp = await StompClient.open(Number(new URL(server.url).port), path)
    this.stomp.send(
      frame('CONNECT', {
        'accept-version': '1.2',
        'StompX-User': this.user.name,
        ...(this.key && { 'StompX-Auth-Session-ID': this.key }),
      }),
    )
    const { headers } = await this.stomp.next()
    this.key = headers.session ?? ''
    await this.stomp.ask('SUBSCRIBE', { id: 'messages', destination: this.#destination })
    const relay = currentUserHypermedia.relays.self.at({})
    await this.stomp.ask('SUBSCRIBE', { id: 'user', destination: relay })
    return this
  }

  /** Messages received on the current connection, in order. */
  get heard(): string[] {
    return this.stomp.frames
      .filter(({ headers }) => headers.destination === this.#destination)
      .map(({ body }) => JSON.parse(body))
      .filter(({ type }) => type === 'channel.message.created')
      .map(({ resource }) => resource.body)
  }

  get error(): string | undefined {
    const failed = this.stomp.frames.find(({ command }) => command === 'ERROR')
    return failed && JSON.parse(failed.body).error
  }
}

async function scene(application: TestApplication, count = 1) {
  const users = await Promise.all(Array.from({ length: count }, () => createUser(application)))
  const channel = await createChannel(application, {
    type: 'PRIVATE',
    members: users.map(({ id }) => ({ id })),
  })
  const listeners = await Promise.all(
    users.map((user) => new Listener(application, user, channel.id).connect()),
  )
  return { channel, listeners, say: (body: string) => sendMessage(application, channel.id, { body }) }
}

/** Collects error log lines: an event set aside is logged once, with ids and without its content. */
function watchErrors() {
  const lines: unknown[][] = []
  vi.spyOn(server.ctx.log, 'error').mockImplementation((...line: unknown[]) => void lines.push(line))
  return lines
}

/** Returns log lines as text, including the messages of errors. */
const wordsOf = (lines: unknown[][]) => inspect(lines, { depth: 9, maxArrayLength: null })

async function emit(applicationId: number, type: string, payload: string, channelId: number | null = null) {
  await sql(
    'insert into outbox_event (application_id, type, channel_id, payload) values ($1, $2, $3, $4::jsonb)',
    [applicationId, type, channelId, payload],
  )
  server.ctx.db.eventsWritten()
}

describe.each([
  ['that no statement can take', 'channel.message.created', '{"messageId": "a secret"}', 1],
  ['whose ids are no ids', 'user.updated', '{"userId": 1.5, "note": "a secret"}', 1],
  ['whose ids are too large', 'user.updated', '{"userId": 1e300, "note": "a secret"}', 1],
  ['of a type that is not known', 'from.another.version', '{"note": "a secret"}', 1],
  ['whose payload is null', 'user.updated', 'null', 1],
  ['whose payload is a text', 'user.updated', '"a secret"', 1],
  ['whose payload is a list', 'message.reaction.created', '["a secret"]', 1],
  ['whose parts are no list', 'application.ui.updated', '{"parts": "a secret"}', 1],
  ['about a message that was deleted meanwhile', 'channel.message.created', '{"messageId": 999999}', 0],
  ['about a user who was deleted meanwhile', 'user.updated', '{"userId": 999999, "status": true}', 0],
])('an event %s', (_, type, payload, setAside) => {
  it('delays no other event, in its own application or in others', async () => {
    const errors = watchErrors()
    const other = await server.createApplication()
    const [ours, theirs] = await Promise.all([scene(server.main, 2), scene(other)])
    await ours.say('before')
    await emit(server.main.id, type, payload)
    await Promise.all([ours.say('after'), theirs.say('elsewhere')])
    for (const listener of ours.listeners) {
      await expect.poll(() => listener.heard).toEqual(['before', 'after'])
      expect(listener.error).toBeUndefined()
    }
    await expect.poll(() => theirs.listeners[0]?.heard).toEqual(['elsewhere'])
    await expect.poll(() => sql('select from outbox_event')).toEqual([])
    expect(counted('events set aside')).toBe(setAside)
    expect(errors).toHaveLength(setAside)
    expect(wordsOf(errors)).not.toContain('secret')
    for (const [ids] of errors as { position?: number; eventId?: number }[][])
      expect(ids?.position ?? ids?.eventId).toBeGreaterThan(0)
  })
})

it('an event that is set aside is counted and logged once, however often it is presented', async () => {
  const errors = watchErrors()
  const presenter = new Presenter(server.ctx)
  const event = {
    type: 'user.updated' as const,
    applicationId: server.main.id,
    channelId: null,
    threadId: null,
    position: 1,
    payload: 'a secret' as never,
  }
  for (let round = 0; round < 2; round += 1)
    expect(await presenter.present([event])).toMatchObject([{ position: 1, isLost: true }])
  expect(counted('events set aside')).toBe(1)
  expect(errors).toHaveLength(1)
})

it('sessions that missed an event that cannot be delivered must start anew, and no others', async () => {
  watchErrors()
  const [ours, others] = await Promise.all([scene(server.main, 2), scene(server.main)])
  await emit(server.main.id, 'from.another.version', '{}', ours.channel.id)
  for (const listener of ours.listeners) {
    await listener.stomp.closed
    expect(listener.error).toBe('AccessDeniedError')
  }
  await others.say('on and on')
  const [other] = others.listeners
  await expect.poll(() => other?.heard).toEqual(['on and on'])
  // A new session works; the old one cannot resume.
  const [again] = ours.listeners
  if (again) again.key = ''
  await again?.connect()
  await ours.say('anew')
  await expect.poll(() => again?.heard).toEqual(['anew'])
})

it('an event in the log that cannot be read delays no session that reads the log', async () => {
  watchErrors()
  const { listeners, say } = await scene(server.main)
  const other = await server.createApplication()
  await sql(`insert into event_log (application_id, type, payload) values ($1, 'user.updated', '"text"')`, [
    other.id,
  ])
  await say('behind it')
  await expect.poll(() => listeners[0]?.heard).toEqual(['behind it'])
  expect(counted('events set aside')).toBe(1)
})

const published = (event: object) => JSON.stringify({ kind: 'events published', node: 7, events: [event] })

it.each([
  ['no JSON', 'garbage'],
  ['nothing', 'null'],
  ['of no kind', '{"key":"else"}'],
  ['events without their deliveries', published({ position: 1, applicationId: 1, channelId: null })],
  [
    'a delivery to nobody',
    published({
      position: 1,
      applicationId: 1,
      channelId: null,
      deliveries: [{ to: {}, type: 'user.updated', resource: '{}' }],
    }),
  ],
  [
    'an event that does not exist',
    published({ position: 1_000_000_000, applicationId: 1, channelId: null, deliveries: [] }),
  ],
  ['keystrokes of no user', '{"kind":"keystrokes sent","keystrokes":{"keys":"x"}}'],
])('a broadcast of another process delays no delivery where it is %s', async (_, text) => {
  const errors = watchErrors()
  const { listeners, say } = await scene(server.main)
  await say('before')
  bus.receive(text)
  await expect.poll(() => counted('signals unreadable')).toBe(1)
  await say('after')
  await expect.poll(() => listeners[0]?.heard).toEqual(['before', 'after'])
  expect(errors).toHaveLength(1)
})

describe('a session to which an event cannot be delivered', () => {
  /** Makes sending to a user fail for messages that contain a text, `times` times. */
  function breakFor(user: UserDocument, text: string, times: number): void {
    const { message } = StompConnection.prototype
    let left = times
    vi.spyOn(StompConnection.prototype, 'message').mockImplementation(function (
      this: StompConnection<Session>,
      headers,
      body,
    ) {
      if (this.session.facts.userId === user.id && left > 0 && body.bytes.includes(text)) {
        left -= 1
        throw new Error(`no ${text}`)
      }
      return message.call(this, headers, body)
    })
  }

  it('is closed and receives the event when it reconnects; others receive it as usual', async () => {
    const errors = watchErrors()
    const { listeners, say } = await scene(server.main, 3)
    const [broken, ...others] = listeners as [Listener, ...Listener[]]
    breakFor(broken.user, 'poison', 1)
    await say('before')
    await say('poison')
    await say('after')
    for (const other of others) await expect.poll(() => other.heard).toEqual(['before', 'poison', 'after'])
    await broken.stomp.closed
    expect(broken.heard).toEqual(['before'])
    expect(broken.error).toBe('InternalServerError')
    await broken.connect()
    await expect.poll(() => broken.heard).toEqual(['poison', 'after'])
    expect(counted('sessions closed')).toBe(1)
    expect(errors).toHaveLength(1)
    expect(wordsOf(errors)).not.toContain('no poison')
  })

  it('must start anew where that fails as well', async () => {
    watchErrors()
    const { listeners, say } = await scene(server.main, 2)
    const [broken, other] = listeners as [Listener, Listener]
    breakFor(broken.user, 'poison', Number.POSITIVE_INFINITY)
    await say('poison')
    await broken.stomp.closed
    await broken.connect().catch(() => {}) // it may be closed before all is subscribed
    await broken.stomp.closed
    expect(broken.error).toBe('AccessDeniedError')
    broken.key = ''
    await broken.connect()
    await say('fine')
    await expect.poll(() => broken.heard).toEqual(['fine'])
    await expect.poll(() => other.heard).toEqual(['poison', 'fine'])
  })
})
