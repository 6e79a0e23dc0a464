// Migrations from one Chatterie to another, like those from ChatKitty.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import type { Report } from '#migrate/report.ts'
import { chatterie } from '../cli/run.ts'
import { findLauncher } from '../support/compiled.ts'
import type { ChannelDocument, MessageDocument, PageDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { listsOf } from './lists.ts'
import { type Unsteady, unsteadyFront } from './unsteady.ts'

let from: TestServer
let to: TestServer
let front: Unsteady
let source: TestApplication
/** The users of the source, by name. */
const users = {} as Record<'jane' | 'john' | 'gil' | 'kim' | 'zoe' | 'yan' | 'lea', UserDocument>
/** The sent messages, by text. */
const sent = new Map<string, MessageDocument>()
let deck: ChannelDocument
let privateId: number

beforeAll(async () => {
  from = await startServer()
  to = await startServer()
  source = from.main
  await seed()
  front = await unsteadyFront(from.url, 60)
})
afterAll(async () => {
  await front?.close()
  await from?.close()
  await to?.close()
})

const inMain = <M extends { nestedLevel: number }>(messages: M[]) =>
  messages.filter(({ nestedLevel }) => nestedLevel === 0)

const idOf = (text: string) => sent.get(text)?.id ?? 0

const as = (name: keyof typeof users) => ({
  kind: 'user' as const,
  applicationId: source.id,
  userId: users[name].id,
  session: uuid(),
})

async function seed(): Promise<void> {
  await from.ctx.db.pool.query('update application set properties = $2 where id = $1', [
    source.id,
    { plan: 'x' },
  ])
  await source.put('/application/settings', { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' })
  await source.put('/application/ui/features', {
    settings: { message: { reactions: 'disabled' } },
  })
  for (const name of ['jane', 'john', 'gil', 'kim', 'zoe', 'yan'] as const) {
    users[name] = await createUser(source, {
      name,
      displayName: name.toUpperCase(),
      isGuest: name === 'gil',
      properties: { some_key: { of_theirs: name } },
    })
  }
  await source.patch(`/users/${users.gil.id}`, { presence: { status: 'AWAY' } }).expect(200)
  await source
    .post(`/users/${users.jane.id}/display-picture`)
    .attach('file', Buffer.from('GIF89a'), 'jane.gif')
    .expect(200)
  await source
    .post(`/users/${users.john.id}/display-picture`, {
      url: 'https://example.com/john.png',
      name: 'john.png',
      contentType: 'image/png',
      size: 1,
    })
    .expect(200)
  const named = (...names: string[]) => names.map((username) => ({ username }))
  deck = await createChannel(source, {
    name: 'deck',
    displayName: 'The deck',
    creator: { username: 'jane' },
    members: named('john', 'gil', 'zoe'),
    properties: { floor: 1 },
  })
  const hold = await createChannel(source, { type: 'PRIVATE', name: 'hold', members: named('jane', 'john') })
  const direct = await createChannel(source, { type: 'DIRECT', members: named('jane', 'kim') })
  // The other members of these two channels are deleted later, so only Jane remains.
  const withZoe = await createChannel(source, { type: 'DIRECT', members: named('jane', 'zoe') })
  const withYan = await createChannel(source, { type: 'DIRECT', members: named('jane', 'yan') })
  privateId = hold.id
  await source.post(`/channels/${deck.id}/moderators`, { username: 'john' }).expect(200)
  await source.post(`/channels/${hold.id}/invites`, { user: { username: 'kim' } }).expect(200)
  const say = async (body: string, name?: string, channel = deck) => {
    const user = name === undefined ? {} : { user: { username: name } }
    const message = await sendMessage(source, channel.id, { body, ...user })
    sent.set(body, message)
    return message
  }
  const first = await say('Ahoy <@john>, see <#hold> and https://example.com/', 'jane')
  await say('Land!')
  await say('In private', 'jane', direct)
  await say('I leave', 'zoe')
  await say('Between Zoe and Jane', 'zoe', withZoe)
  await say('Between Yan and Jane', 'jane', withYan)
  await source.post(`/channels/${deck.id}/members`, { username: 'kim' }).expect(200)
  await say('Welcome, Kim', 'gil')
  await source
    .post(`/channels/${deck.id}/messages`)
    .attach('file', Buffer.from('a map'), { filename: 'map.txt', contentType: 'text/plain' })
    .field('username', 'jane')
    .field('properties', JSON.stringify({ x: 1 }))
    .expect(200)
  const file = { url: 'https://example.com/a.pdf', name: 'a.pdf', contentType: 'application/pdf', size: 7 }
  await source.post(`/channels/${hold.id}/messages`, { type: 'FILE', file, groupTag: 'g' }).expect(200)
  const reply = await replyToMessage(from.ctx, as('john'), first.id, { type: 'TEXT', body: 'Aye' })
  await say('In between, <@yan> and John', 'john')
  await replyToMessage(from.ctx, as('jane'), reply.id, { type: 'TEXT', body: 'Aye aye' })
  await replyToMessage(from.ctx, as('gil'), first.id, { type: 'TEXT', body: 'Ayes' })
  await reactToMessage(from.ctx, as('john'), first.id, { emoji: 'tada' })
  await reactToMessage(from.ctx, as('gil'), first.id, { emoji: 'heart' })
  await reactToMessage(from.ctx, as('jane'), first.id, { emoji: 'tada' })
  await readMessage(from.ctx, as('john'), first.id)
  await readMessage(from.ctx, as('kim'), idOf('Welcome, Kim'))
  await readMessage(from.ctx, as('kim'), idOf('In private'))
  await readMessage(from.ctx, as('gil'), idOf('Land!'))
  await source.patch(`/messages/${idOf('Land!')}`, { body: 'Land ho!', properties: { a: 1 } }).expect(200)
  await source.delete(`/users/${users.zoe.id}`).expect(200)
  await source.delete(`/users/${users.yan.id}`).expect(200)
  await source.put('/runtimes/nodejs/environment-variables', { HARBOUR: 'Nassau' }).expect(200)
  await source
    .put('/runtimes/nodejs/initialization-script', { script: 'globalThis.ready = true' })
    .expect(200)
  const { body: echo } = await source
    .post('/runtimes/nodejs/functions', { type: 'user.read.message', name: 'echo', description: 'Says it' })
    .expect(200)
  for (const result of [1, 2]) {
    const handlerScript = `export async function handleEvent() { return ${result} }`
    await source.post(`/functions/${echo.id}/versions`, { handlerScript }).expect(200)
  }
  await settled()
}

/** Waits until all events, notifications and function runs are processed. */
async function settled(): Promise<void> {
  const waiting = `select (select count(*) from outbox_event) + (select count(*) from notification_task)
    + (select count(*) from function_run)`
  await vi.waitFor(async () => expect(await from.ctx.db.query({ text: waiting }, [])).toEqual([[0]]), {
    timeout: patienceMs,
    interval: 10,
  })
}

function command(target: TestApplication, ...more: string[]): [string[], Record<string, string>] {
  const { pool } = to.ctx.db
  const args = [
    '--base-url',
    front.url,
    '--application',
    target.clientId,
    '--rate',
    '1000',
    '--json',
    ...more,
  ]
  return [
    ['migrate', 'from-chatkitty', ...args],
    {
      DATABASE_URL: pool.options.connectionString as string,
      CHATTERIE_HOME: to.ctx.config.home,
      CHATKITTY_CLIENT_ID: source.clientId,
      CHATKITTY_CLIENT_SECRET: source.clientSecret,
    },
  ]
}

async function migrate(target: TestApplication, ...more: string[]): Promise<Report> {
  const { code, stdout, stderr } = await chatterie(...command(target, ...more))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** Runs a migration, and kills it with SIGKILL when the source receives a request for a matching path. */
async function killedAt(target: TestApplication, path: RegExp): Promise<void> {
  const [args, settings] = command(target)
  const launcher = await findLauncher()
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: 'ignore',
  })
  front.onRequest = (asked) => {
    if (path.test(asked)) child.kill('SIGKILL')
  }
  const [, signal] = await once(child, 'exit')
  front.onRequest = () => {}
  expect(signal).toBe('SIGKILL')
}

describe('a migration from one server to another', () => {
  it('writes nothing in a dry run, and reports what there is', async () => {
    const target = await to.createApplication()
    const report = await migrate(target, '--dry-run')
    expect(report).toMatchObject({ isDryRun: true, notCarried: [] })
    expect(report.kinds).toMatchObject({
      user: { read: 4 },
      channel: { read: 5, written: 0 },
      message: { read: 13 },
    })
    expect(report.files.count).toBe(2)
    const { rows } = await to.ctx.db.pool.query(
      'select (select count(*) from moved_item) + (select count(*) from "user") + (select count(*) from channel) as rows',
    )
    expect(Number(rows[0].rows)).toBe(0)
  })

  it('copies every list as it was, despite failures, limits, a restart and two kills; and a second run adds nothing', async () => {
    const target = to.main
    await killedAt(target, /read-receipts/)
    await killedAt(target, /\/files\//)
    const report = await migrate(target)
    expect(report.notCarried).toEqual([])
    expect(front.failures).toBeGreaterThan(5)
    const expected = await listsOf(source)
    expect(Object.keys(expected).length).toBeGreaterThan(60)
    expect(await listsOf(target)).toEqual(expected)
    front.isUnsteady = false
    const again = await migrate(target)
    expect(again.pass).toBe(2)
    for (const [kind, { new: fresh, written }] of Object.entries(again.kinds)) {
      expect({ kind, fresh, written }).toEqual({ kind, fresh: 0, written: 0 })
    }
    expect(await listsOf(target)).toEqual(expected)
  })

  it('copies what is new and changed in a second pass, without requesting old messages again', async () => {
    const since = new Date().toISOString()
    users.lea = await createUser(source, { name: 'lea', displayName: 'Lea' })
    await source.post(`/channels/${deck.id}/members`, { username: 'lea' }).expect(200)
    await source.patch(`/users/${users.gil.id}`, { displayName: 'Gilbert' }).expect(200)
    await source.patch(`/channels/${deck.id}`, { displayName: 'Deck' }).expect(200)
    await source
      .patch(`/messages/${idOf('In between, <@yan> and John')}`, { body: 'In the middle' })
      .expect(200)
    const latest = await sendMessage(source, deck.id, { body: 'Late', user: { username: 'john' } })
    await replyToMessage(from.ctx, as('john'), idOf('Land!'), { type: 'TEXT', body: 'Where?' })
    await reactToMessage(from.ctx, as('kim'), idOf('Welcome, Kim'), { emoji: 'heart' })
    await readMessage(from.ctx, as('lea'), latest.id)
    await settled()
    front.asked.length = 0
    const report = await migrate(to.main, '--since', since)
    expect(report.notCarried).toEqual([])
    expect(report.kinds.message).toMatchObject({ new: 2, changed: 3, same: 10 })
    const receipts = front.asked.filter((path) => path.includes('read-receipts'))
    expect(receipts).toHaveLength(5)
    expect(await listsOf(to.main)).toEqual(await listsOf(source))
  })

  it('is complete where the service shows less, as the hosted one may: fewer lists, other orders, separate replies', async () => {
    const target = await to.createApplication()
    front.answers = (path) => {
      if (/\/ui\//.test(path)) return 404
      if (/sort=/.test(path)) return 400
      const direct = /channels\/(\d+)\/memberships/.exec(path)?.[1]
      if (direct && Number(direct) !== deck.id) return path.includes(`/${privateId}/`) ? undefined : 404
      if (!/\/messages\?/.test(path) || /threads/.test(path)) return undefined
      return (document: unknown) => {
        const page = document as PageDocument<'messages', MessageDocument>
        return { ...page, _embedded: { messages: inMain(page._embedded.messages) } }
      }
    }
    const report = await migrate(target).finally(() => {
      front.answers = () => undefined
    })
    expect(report.notCarried).toEqual([])
    const [expected, lists] = [await listsOf(source), await listsOf(target)]
    for (const name of [
      'users',
      'members of deck',
      'memberships of deck',
      'receipts of Ahoy <@john>, see <#hold> and https://example.com/',
      'replies to Aye',
    ]) {
      expect({ name, list: lists[name] }).toEqual({ name, list: expected[name] })
    }
    expect(inMain(lists.messages)).toEqual(inMain(expected.messages))
    expect(lists.messages).toHaveLength(expected.messages.length)
  })

  it('into the application that it reads is refused', async () => {
    const [[...args], settings] = command(to.main)
    args[args.indexOf('--base-url') + 1] = to.url
    const itself = {
      ...settings,
      CHATKITTY_CLIENT_ID: to.main.clientId,
      CHATKITTY_CLIENT_SECRET: to.main.clientSecret,
    }
    expect(await chatterie(args, itself)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('into itself'),
    })
  })

  it('refuses wrong credentials without naming the secret, and wrong options', async () => {
    const [args, settings] = command(to.main)
    const wrong = { ...settings, CHATKITTY_CLIENT_SECRET: 'not-the-secret' }
    expect(await chatterie(args, wrong)).toMatchObject({
      code: 1,
      stderr: expect.not.stringContaining('not-the-secret'),
    })
    for (const odd of [
      ['--since', 'yesterday'],
      ['--rate', '0'],
      ['--base-url', 'ftp://x'],
    ]) {
      expect(await chatterie([...args, ...odd], settings)).toMatchObject({ code: 2 })
    }
  })
})
