// A person is removed from what people wrote, and from nothing else, whatever they called themselves.
import { describe, expect, it } from 'vitest'
import { texts } from '#data/persons/texts.ts'
import { redactorOf, termsOf } from '#domain/persons/redactor.ts'
import { generatedPictureUrl, hostedUrl } from '#resources/served.ts'

describe('a name', () => {
  const redact = redactorOf(termsOf({ name: 'ann', displayName: 'Ann (A.)', properties: {} }), 7)

  it.each([
    ['Ann, hi', '***, hi'],
    ['anna and Hannes', 'anna and Hannes'],
    ['@ann_b', '@***_b'],
    ['so Ann (A.) said', 'so ******** said'],
    ['Zoë ann', 'Zoë ***'],
    ['Anns room, ANN’S room', '***s room, ***’S room'],
    ['ann1 ann-1', 'ann1 ***-1'],
  ])('is hidden in %j as a whole word, whatever its case: %j', (given, hidden) => {
    expect(redact('text', given)).toBe(hidden)
  })

  it.each([
    ['https://ann.example.org/of/ann', 'https://***.example.org/of/***'],
    [generatedPictureUrl('Ann (A.)'), '/v1/picture/********'],
    [generatedPictureUrl('Bob + Ann'), '/v1/picture/Bob%20%2B%20***'],
    [generatedPictureUrl('Anna + Bob'), '/v1/picture/Anna+%2B+Bob'],
    [hostedUrl({ key: 'ann', name: 'Ann (A.).png' }), '/v1/files/ann/********.png'],
  ])('is hidden in the URL %j: %j', (given, hidden) => {
    expect(redact('url', given)).toBe(hidden)
  })

  it('is hidden together with what a document says of the person, and nothing of others is', () => {
    const user = { id: 7, name: 'ann', displayName: 'Ann', isGuest: false, properties: { a: 1 } }
    const channel = { id: 7, displayName: 'Room', properties: { a: 1 } }
    expect(
      redact('own', { user, channel, other: { ...user, id: 8, name: 'bob', displayName: 'Bob' } }),
    ).toEqual({
      user: { id: 7, name: '***', displayName: '***', isGuest: false, properties: {} },
      channel,
      other: { id: 8, name: 'bob', displayName: 'Bob', isGuest: false, properties: { a: 1 } },
    })
  })

  it('that is too short hides nothing', () => {
    expect(
      termsOf({ name: 'a', displayName: 'Al', properties: { team: 'support', mail: 'a@b.org' } }),
    ).toEqual(['a@b.org'])
  })
})

/** Rows of all tables, with a text wherever people write, and with every member of our own JSON. */
function rowsWith(text: string): [table: string, row: Record<string, unknown>][] {
  const key = '5c0d26a5-6a59-4b5c-8f3d-0d8a6e3c9b11'
  const createdTime = '2026-11-27T08:00:00.000Z'
  const span = { startPosition: 0, endPosition: 1 }
  const own = { [text]: [text, { [text]: 1 }] }
  const about = { contentType: 'text/plain', size: 1 }
  const external = { type: 'EXTERNAL', url: `https://example.org/${text}`, name: text, ...about }
  const hosted = { type: 'HOSTED', key, name: text, ...about }
  const image = { source: external.url }
  const preview = { url: external.url, title: text, image, description: text, siteName: text }
  const links = [
    { source: text, ...span, preview },
    { source: text, ...span },
  ]
  const user = {
    id: 8,
    type: 'PERSON',
    name: text,
    displayName: text,
    displayPictureUrl: generatedPictureUrl(text),
    isGuest: false,
    callStatus: 'IN_CALL',
    presence: { status: 'AVAILABLE', online: true },
    properties: own,
  }
  const busy = { ...user, displayPictureUrl: external.url, presence: { status: text, online: true } }
  const group = {
    id: 3,
    type: 'PUBLIC',
    name: text,
    displayName: text,
    creator: user,
    properties: own,
    createdTime,
  }
  const emoji = { character: '👪', description: 'family', aliases: ['family'], tags: ['home', 'parents'] }
  const message = {
    id: 5,
    type: 'TEXT',
    channelId: 3,
    groupTag: text,
    nestedLevel: 0,
    reactions: [{ emoji, users: [user, busy], count: 2 }],
    repliesCount: 1,
    reportCount: 1,
    properties: own,
    createdTime,
    lastEditedTime: createdTime,
    body: text,
    links,
    mentions: [
      { type: 'USER', tag: text, ...span, user },
      { type: 'CHANNEL', tag: text, ...span, channel: group },
    ],
    user: busy,
    parentId: 4,
  }
  const letter = {
    id: 6,
    type: 'FILE',
    user,
    file: { type: 'HOSTED', url: hostedUrl({ key, name: text }), name: text, ...about },
  }
  const cause = { by: 8, session: key, receipt: 'message-1', traceparent: '00-ab-cd-01' }
  const payloads = [
    { messageId: 5, parentId: 4, userId: 8, message, ...cause },
    { messageId: 6, userId: null, message: { ...letter, file: external } },
    {
      channel: { ...group, members: [user, busy], lastReceivedMessage: letter },
      memberIds: [8],
      userId: 8,
      ...cause,
    },
    { event: { type: 'wave', properties: own }, userId: 8 },
    {
      report: { id: 1, messageId: 5, reason: text, properties: own, createdTime },
      messageId: 5,
      userId: 8,
    },
    { userId: 8, until: createdTime, reason: text },
    { userId: 8, change: 'muted', existing: 'member', unhidden: true, online: true, status: true },
    { recordId: 1, userId: 8, blocked: true, createdTime, picture: true, sessionId: 1 },
    { emoji: '👪', messageId: 5, userId: 8, createdTime, threadId: 2, throughId: 5 },
    { parts: ['elements'], jobId: 1, functionId: 1, invocationId: 1, webhookId: 1, deliveryId: 1 },
    { id: 1, type: 'USER_IMPORT', state: 'FINISHED' },
    { function: { id: 1, name: 'wave', type: 'user.sent.message' }, error: { name: 'Error', message: text } },
    { user, notificationId: 1, userHasActiveSession: true },
  ]
  const repeating = ['webhook_delivery', 'function_run', 'event_log', 'outbox_event']
  const attempt = { time: createdTime, durationMs: 5, status: 500, error: text, answer: text }
  return [
    ['application', { name: text, properties: own }],
    ['user', { presence_status: text, properties: own }],
    ...['AVAILABLE', 'UNAVAILABLE', 'DO_NOT_DISTURB', 'INVISIBLE'].map(
      (status): [string, Record<string, unknown>] => ['user', { presence_status: status, properties: {} }],
    ),
    ['user_ban', { reason: text }],
    ['channel', { name: text, display_name: text, properties: own }],
    ['thread', { name: null, properties: own }],
    [
      'message',
      {
        body: text,
        group_tag: text,
        file: null,
        mentions: [{ type: 'USER', tag: text, ...span, id: 8 }],
        links,
        properties: own,
      },
    ],
    ...[hosted, external].map((file): [string, Record<string, unknown>] => [
      'message',
      { body: null, group_tag: null, file, mentions: null, links: null, properties: own },
    ]),
    ['message_report', { reason: text, properties: own }],
    ['resolved_report', { reason: text, properties: own }],
    ['notification', { title: text, body: text }],
    ['user_session', { user_agent: text }],
    ['file', { name: text }],
    ['job', { errors: [{ index: 0, reason: text }] }],
    ['function', { description: text }],
    [
      'function_invocation',
      { args: own, result: { payload: own }, logs: [{ level: 'info', time: createdTime, text }] },
    ],
    [
      'function_invocation',
      {
        args: own,
        result: { error: { name: 'Error', message: text, stack: text, reason: 'threw' } },
        logs: [],
      },
    ],
    ['webhook', { description: text }],
    ...payloads.flatMap((payload) =>
      repeating.map((table): [string, Record<string, unknown>] => [
        table,
        { payload, ...(table === 'webhook_delivery' && { attempts: [attempt] }) },
      ]),
    ),
    ['audit_entry', { details: { reason: text, until: createdTime } }],
    ['audit_entry', { details: { name: text, properties: 'changed' } }],
    ['audit_entry', { details: { url: external.url, events: ['message.created'], action: 'keep' } }],
    [
      'audit_entry',
      { details: { messages: 'redact', rows: { message: 1 }, left: { webhook: 1 }, sha256: 'abc' } },
    ],
  ]
}

/** The keys and texts of JSON. */
function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => [key, ...wordsOf(each)])
}

describe('an erased person who is called like a part of our own data', () => {
  const ours = new Set(wordsOf(rowsWith('')).filter((word) => word.length >= 3))
  const names = [...ours, 'https', 'files', 'picture'].flatMap((word) => [word, word.toUpperCase()])

  it('is hidden in what people wrote, and changes nothing else', () => {
    expect(names.length).toBeGreaterThan(150)
    for (const name of names) {
      const redact = redactorOf(termsOf({ name, displayName: name, properties: {} }), 7)
      const masked = rowsWith(`(${'*'.repeat(name.length)})!`)
      for (const [at, [table, row]] of rowsWith(`(${name})!`).entries()) {
        expect(redact(texts[table] ?? {}, row), `${table}, ${name}`).toEqual(masked[at]?.[1])
      }
    }
  })

  it('is looked for in every column in which people write', () => {
    const columns = (of: Record<string, object>) =>
      Object.entries(of).flatMap(([table, row]) => Object.keys(row).map((column) => `${table}.${column}`))
    const tried = rowsWith('').flatMap(([table, row]) => columns({ [table]: row }))
    expect(new Set(tried)).toEqual(new Set(columns(texts)))
  })
})
