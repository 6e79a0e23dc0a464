// Migrations from files that other services export. The files in exports/ were written by hand in documented formats.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setApplicationPersisted } from '#data/channels/persistence.ts'
import { openRocketChat } from '#migrate/rocketchat/source.ts'
import { runMove } from '#migrate/run-move.ts'
import { openSendbird } from '#migrate/sendbird/source.ts'
import type { Source } from '#migrate/source.ts'
import { openStream } from '#migrate/stream/source.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'
import { exported } from './exported.ts'
import { bodiesOf, type Lists, listsOf } from './lists.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const files = (...names: string[]) => ({ paths: names.map(exported), copyFiles: false })

const move = (source: Source, { id }: TestApplication, isDryRun = false) =>
  runMove(server.ctx, source, { applicationId: id, since: null, isDryRun, onProgress() {} })

/** Migrates the same source twice, and returns the result. The second migration must not change anything. */
async function movedTwice(open: () => Source | Promise<Source>) {
  const application = await server.createApplication()
  const dry = await move(await open(), application, true)
  expect((await application.get('/users')).body.page.totalElements).toBe(0)
  const report = await move(await open(), application)
  expect(dry.kinds.message?.read).toBe(report.kinds.message?.read)
  const lists = await listsOf(application)
  const again = await move(await open(), application)
  for (const [kind, counts] of Object.entries(again.kinds)) {
    expect({ kind, counts }).toMatchObject({ kind, counts: { changed: 0, written: 0 } })
  }
  expect(await listsOf(application)).toEqual(lists)
  return {
    report,
    lists,
    reasons: report.notCarried.map(({ kind, key, reason }) => `${kind} ${key}: ${reason}`),
  }
}

describe('an export of Stream Chat', () => {
  it('imports users, channels, members, messages with replies, files, mentions and reactions, and read positions', async () => {
    const { lists, reasons } = await movedTwice(() => openStream(files('stream.json')))
    expect(lists.users).toMatchObject([
      { name: 'ada', displayName: 'Ada', properties: { title: 'Countess' } },
      {
        name: 'bob',
        displayName: 'Bob',
        displayPictureUrl: 'https://cdn.example.com/bob.png',
        properties: {},
      },
    ])
    expect(lists.channels).toMatchObject([
      {
        type: 'PRIVATE',
        name: 'messaging:general',
        displayName: 'General',
        creator: { name: 'ada' },
        properties: { topic: 'All of it' },
        createdTime: '2024-01-02T08:00:00.500Z',
      },
      { type: 'DIRECT', members: [{ name: 'ada' }, { name: 'bob' }] },
    ])
    expect(lists['moderators of messaging:general']).toMatchObject([{ name: 'ada' }])
    expect(bodiesOf(lists.messages)).toEqual(['Between us', 'Hello, Ada', 'cat.png', 'Hello @Bob'])
    const [, reply, file, first] = lists.messages
    expect(first).toMatchObject({
      user: { name: 'ada' },
      mentions: [{ tag: '@Bob', startPosition: 6, endPosition: 10, user: { name: 'bob' } }],
      reactions: [{ emoji: { character: '❤️' }, users: [{ name: 'bob' }], count: 1 }],
      repliesCount: 1,
      groupTag: 'm1',
      properties: { color: 'red' },
      createdTime: '2024-01-03T09:00:00.000Z',
    })
    expect(file).toMatchObject({
      type: 'FILE',
      groupTag: 'm1',
      file: { type: 'EXTERNAL', name: 'cat.png', contentType: 'image/png', size: 12 },
    })
    expect(reply).toMatchObject({ nestedLevel: 1, lastEditedTime: '2024-01-03T09:06:00.000Z' })
    expect(bodiesOf(lists['replies to Hello @Bob'] as Lists['messages'])).toEqual(['Hello, Ada'])
    expect(lists['receipts of Hello @Bob']).toMatchObject([
      { user: { name: 'bob' }, createdTime: '2024-01-03T10:00:00.000Z' },
    ])
    expect(reasons).toEqual([
      'attachment m1: of the type giphy, without a file',
      'reaction m1: there is no emoji for the type custom-type',
      'message m3: it was deleted',
    ])
  })

  it('makes no user a member who was deleted here meanwhile', async () => {
    const application = await server.createApplication()
    const { id } = application
    const { pool } = server.ctx.db
    await pool.query(`
      create function leave() returns trigger language plpgsql as
        $$ begin update "user" set deleted_time = now() where application_id = ${id} and name = 'bob'; return null; end $$;
      create trigger leave after insert on channel execute function leave()`)
    try {
      await move(openStream(files('stream.json')), application)
    } finally {
      await pool.query('drop function leave cascade')
    }
    const { rows } = await pool.query(
      `select distinct u.name from channel_membership cm join "user" u on u.id = cm.user_id where u.application_id = $1`,
      [id],
    )
    expect(rows).toEqual([{ name: 'ada' }])
  })

  it('may have each entity on its own line, and unknown shapes are reported', async () => {
    const { lists, reasons } = await movedTwice(() => openStream(files('stream.jsonl')))
    expect(lists.channels).toMatchObject([
      { type: 'PUBLIC', name: 'livestream:live', creator: { name: 'ada' } },
    ])
    expect(lists['moderators of livestream:live']).toMatchObject([{ name: 'ada' }])
    expect(lists.messages).toMatchObject([{ body: 'On air', user: { name: 'ada' } }])
    expect(reasons).toEqual([
      'document something: no shape that Stream documents',
      'reaction m1: apart from its message',
    ])
  })
})

describe('an export with gaps', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chatterie-exports-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** Writes an export of one document, or of several, one per line. */
  async function written(...documents: unknown[]): Promise<{ paths: string[]; copyFiles: boolean }> {
    const path = join(folder, `${uuid()}.json`)
    await writeFile(path, `\uFEFF${documents.map((each) => JSON.stringify(each)).join('\n')}`)
    return { paths: [path], copyFiles: false }
  }

  it('may have null for each list and text that is empty, and a byte order mark', async () => {
    const user = { id: 'ada', name: 'Ada' }
    const channel = { cid: 'messaging:a', id: 'a', type: 'messaging', created_by: user }
    const time = { created_at: '2024-01-01T00:00:00Z' }
    const gaps = { attachments: null, mentioned_users: null, latest_reactions: null }
    const messages = [
      null,
      { id: 'm1', text: 'Hi', user, ...time, ...gaps },
      { id: 'm2', text: null, user, ...time },
    ]
    const stream = await written(
      { channel, members: null, messages: null, read: null },
      { channel, members: [null, { user_id: 'ada' }], messages, read: [] },
    )
    const first = await movedTwice(() => openStream(stream))
    expect(bodiesOf(first.lists.messages)).toEqual(['Hi'])
    expect(first.reasons).toEqual(['message m2: it has neither a text nor a file'])

    const group = { channel_url: 'c', name: 'C', members: null }
    const message = { message_id: 1, type: 'MESG', message: 'Hi', user: { user_id: 'ada' }, channel_url: 'c' }
    const sendbird = await written({
      active_users: null,
      group_channels: [group],
      messages: [{ ...message, created_at: 1704103200000, mentioned_users: null }],
    })
    const second = await movedTwice(() => openSendbird(sendbird))
    expect(bodiesOf(second.lists.messages)).toEqual(['Hi'])
    expect(second.reasons).toEqual([])
  })

  it('is reported where something has no id, and nobody is named undefined', async () => {
    const sent = { created_at: 1704103200000, type: 'MESG', channel_url: 'c', user: { user_id: 'ada' } }
    const reasons = [
      await movedTwice(async () => openStream(await written({ type: 'user', item: { name: 'Eve' } }, {}))),
      await movedTwice(async () => openRocketChat(await written({ username: 'eve', type: 'user' }, {}))),
      await movedTwice(async () =>
        openSendbird(
          await written({
            group_channels: [{ channel_url: 'c' }, { name: 'Lost' }],
            messages: [
              { ...sent, message: 'one' },
              { ...sent, message: 'two' },
            ],
          }),
        ),
      ),
    ].map(({ reasons, lists }) => {
      expect(JSON.stringify(lists)).not.toContain('"undefined"')
      return reasons
    })
    expect(reasons).toEqual([
      ['document type, item: no shape that Stream documents', 'document : no shape that Stream documents'],
      ['document username, type: of none of the collections', 'document : of none of the collections'],
      [
        'channel Lost: it has no channel_url',
        'message undefined: it has no id',
        'message undefined: it has no id',
      ],
    ])
  })

  it('that no reader expects ends with the place and what it has', async () => {
    const application = await server.createApplication()
    const odd = await written(
      {},
      { type: 'message', item: { id: 'm', text: { no: 'text' }, mentioned_users: [{ id: 'ada' }] } },
    )
    await expect(move(openStream(odd), application)).rejects.toThrow(
      /document 2 of the export, with type, item/,
    )
  })
})

describe('an export of Sendbird', () => {
  it('imports users, channels, members, invites, messages of each type and replies, and read positions', async () => {
    const names = ['sendbird-messages.json', 'sendbird-channels.json', 'sendbird-users.json']
    const { lists, reasons } = await movedTwice(() => openSendbird(files(...names)))
    expect(lists.users).toMatchObject([
      {
        name: 'ada',
        displayName: 'Ada',
        displayPictureUrl: 'https://cdn.example.com/ada.png',
        properties: { team: 'red' },
      },
      { name: 'bob', displayName: 'bob' },
      { name: 'cy', displayName: 'Cy' },
    ])
    expect(lists.channels).toMatchObject([
      {
        type: 'PRIVATE',
        name: 'sendbird_group_channel_1',
        displayName: 'General',
        properties: { customType: 'team', coverUrl: 'https://cdn.example.com/cover.png' },
        createdTime: '2024-01-02T08:00:00.000Z',
      },
      { type: 'DIRECT', members: [{ name: 'ada' }, { name: 'bob' }] },
    ])
    expect(lists['members of sendbird_group_channel_1']).toMatchObject([{ name: 'ada' }, { name: 'bob' }])
    expect(lists['moderators of sendbird_group_channel_1']).toMatchObject([{ name: 'ada' }])
    expect(lists['invites of sendbird_group_channel_1']).toHaveLength(1)
    expect(bodiesOf(lists.messages)).toEqual(['In reply', 'Be kind', 'a.pdf', 'Hello @Ada'])
    expect(lists.messages).toMatchObject([
      { nestedLevel: 1 },
      { type: 'SYSTEM_TEXT' },
      { type: 'FILE', file: { contentType: 'application/pdf', size: 9 } },
      {
        user: { name: 'bob' },
        mentions: [{ user: { name: 'ada' } }],
        properties: { customType: 'greeting' },
        lastEditedTime: '2024-01-03T09:01:00.000Z',
      },
    ])
    expect(lists['receipts of a.pdf']).toMatchObject([
      { user: { name: 'bob' }, createdTime: '2024-01-03T10:00:00.000Z' },
    ])
    expect(lists['receipts of In reply']).toEqual([])
    expect(JSON.stringify(lists)).not.toContain('never-kept')
    expect(reasons).toEqual(['message 105: it was deleted'])
  })
})

describe('collections of Rocket.Chat', () => {
  it('import users, rooms, members, messages with replies, files, mentions and reactions', async () => {
    const options = { ...files('rocketchat.jsonl'), baseUrl: 'https://rocket.example.com' }
    const { lists, reasons } = await movedTwice(() => openRocketChat(options))
    expect(lists.users).toMatchObject([
      { name: 'cy', displayName: 'Cy' },
      { name: 'ada', displayName: 'Ada', properties: { team: 'red' } },
      { type: 'BOT', name: 'bob', displayName: 'bob' },
    ])
    expect(lists.channels).toMatchObject([
      {
        type: 'PUBLIC',
        name: 'general',
        displayName: 'General',
        creator: { name: 'ada' },
        properties: { topic: 'All of it' },
      },
      { type: 'DIRECT', members: [{ name: 'ada' }, { name: 'bob' }] },
    ])
    expect(
      (lists['memberships of general'] as { createdTime: string }[]).map(({ createdTime }) => createdTime),
    ).toEqual(['2024-01-02T08:00:00.000Z', '2024-01-02T08:30:00.000Z'])
    expect(bodiesOf(lists.messages)).toEqual(['Between us', 'a.pdf', 'Hello, Ada', 'Hello @bob'])
    expect(lists.messages[1]?.file).toMatchObject({ name: 'a.pdf', contentType: 'application/pdf', size: 9 })
    expect(lists.messages[3]).toMatchObject({
      mentions: [{ tag: '@bob', user: { name: 'bob' } }],
      reactions: [{ emoji: { character: '🎉' }, users: [{ name: 'bob' }] }],
      repliesCount: 1,
      lastEditedTime: '2024-01-03T09:01:00.000Z',
    })
    expect(JSON.stringify(lists)).not.toMatch(/never-kept|ada@example/)
    expect(reasons).toEqual([
      'channel R3: it is a room of the type l',
      'reaction M1: there is no emoji :our_own:',
      'message M3: it is of the type uj',
      'message M6: the message M1 that it replies to is in another channel',
    ])
  })
})

it('files are copied with --copy-files, once, though the service fails at first and redirects', async () => {
  const asked: string[] = []
  const service = createServer(({ url = '' }, response) => {
    asked.push(url)
    if (asked.length === 1) return response.writeHead(503, { 'retry-after': '0' }).end()
    if (url !== '/moved/a.pdf') return response.writeHead(302, { location: '/moved/a.pdf' }).end()
    response.writeHead(200, { 'content-type': 'application/pdf' }).end('its bytes')
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as AddressInfo
  const options = { ...files('rocketchat.jsonl'), copyFiles: true, baseUrl: `http://127.0.0.1:${port}` }
  const application = await server.createApplication()
  const report = await move(openRocketChat(options), application)
  expect(report.notCarried.filter(({ reason }) => reason.includes('fetched'))).toEqual([])
  expect(asked).toEqual(['/file-upload/F1/a.pdf', '/file-upload/F1/a.pdf', '/moved/a.pdf'])
  const { body } = await application.get('/messages').expect(200)
  const [file] = body._embedded.messages.flatMap(({ file }: { file?: object }) => file ?? [])
  expect(file).toMatchObject({ type: 'HOSTED', name: 'a.pdf', contentType: 'application/pdf' })
  const answer = await fetch(file.url, { headers: { authorization: `Bearer ${application.token}` } })
  expect(await answer.text()).toBe('its bytes')
  await move(openRocketChat(options), application)
  expect(asked).toHaveLength(3)
  service.close()
})

it('channels of an application that stores no messages keep the messages that are migrated, and no others', async () => {
  const application = await server.createApplication()
  const { db } = server.ctx
  await db.transact((tx) => setApplicationPersisted(tx, application.id, false))
  await move(openStream(files('stream.jsonl')), application)
  const { body } = await application.get('/channels').expect(200)
  const [{ id }] = body._embedded.channels
  const { body: message } = await application
    .post(`/channels/${id}/messages`, { type: 'TEXT', body: 'Off air', user: { username: 'ada' } })
    .expect(200)
  expect(message).toMatchObject({ body: 'Off air' })
  expect(bodiesOf((await listsOf(application)).messages)).toEqual(['On air'])
})
