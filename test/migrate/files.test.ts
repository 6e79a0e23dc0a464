// Moving in from files that other services export. The files of exports/ were made by hand in their documented shapes.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRocketChat } from '#migrate/rocketchat/source.ts'
import { runMove } from '#migrate/run-move.ts'
import { openSendbird } from '#migrate/sendbird/source.ts'
import type { Source } from '#migrate/source.ts'
import { openStream } from '#migrate/stream/source.ts'
import { chatterie } from '../cli/run.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { listsOf } from './lists.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const exported = (name: string) => fileURLToPath(new URL(`exports/${name}`, import.meta.url))
const files = (...names: string[]) => ({ paths: names.map(exported), copyFiles: false })

const move = (source: Source, { id }: TestApplication, isDryRun = false) =>
  runMove(server.ctx, source, { applicationId: id, since: null, isDryRun, onProgress() {} })

/** What there is after two moves of the same, of which the second must add nothing. */
async function movedTwice(open: () => Source) {
  const application = await server.createApplication()
  const dry = await move(open(), application, true)
  expect((await application.get('/users')).body.page.totalElements).toBe(0)
  const report = await move(open(), application)
  expect(dry.kinds.message?.read).toBe(report.kinds.message?.read)
  const lists = await listsOf(application)
  const again = await move(open(), application)
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

const bodies = (messages: unknown) =>
  (messages as { body?: string; file?: { name: string } }[]).map(({ body, file }) => body ?? file?.name)

describe('an export of Stream Chat', () => {
  it('brings users, channels, members, messages with replies, files, mentions and reactions, and who has read them', async () => {
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
    expect(bodies(lists.messages)).toEqual(['Between us', 'Hello, Ada', 'cat.png', 'Hello @Bob'])
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
    expect(bodies(lists['replies to Hello @Bob'])).toEqual(['Hello, Ada'])
    expect(lists['receipts of Hello @Bob']).toMatchObject([
      { user: { name: 'bob' }, createdTime: '2024-01-03T10:00:00.000Z' },
    ])
    expect(reasons).toEqual([
      'attachment m1: of the type giphy, without a file',
      'reaction m1: there is no emoji for the type custom-type',
      'message m3: it was deleted',
    ])
  })

  it('may have each entity on a line of its own, and what is of no known shape is reported', async () => {
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

describe('an export of Sendbird', () => {
  it('brings users, channels, members, invites, messages of each type and replies, and who has read them', async () => {
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
    expect(bodies(lists.messages)).toEqual(['In reply', 'Be kind', 'a.pdf', 'Hello @Ada'])
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
  it('bring users, rooms, members, messages with replies, files, mentions and reactions', async () => {
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
    expect(bodies(lists.messages)).toEqual(['Between us', 'a.pdf', 'Hello, Ada', 'Hello @bob'])
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

it('a file that is no export is refused before anything is written, at the command line, too', async () => {
  const { id } = await server.createApplication()
  const settings = {
    DATABASE_URL: server.ctx.db.pool.options.connectionString as string,
    CHATTERIE_HOME: server.ctx.config.home,
  }
  const run = (file: string) =>
    chatterie(['migrate', 'from-stream', file, '--application', String(id)], settings)
  expect(await run('/nowhere.json')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: There is no file /nowhere.json\n',
  })
  const itself = fileURLToPath(import.meta.url)
  expect(await run(itself)).toEqual({ code: 1, stdout: '', stderr: `error: ${itself} is no JSON\n` })
  expect(await run(exported('stream.json'))).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(
      /Moved stream into application \d+, pass \d\.[\s\S]*message +4 +4[\s\S]*Not carried by any move/,
    ),
  })
})
