// What there is of a person is written down for them, and is gone once they are erased.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { deploy } from '../../support/functions.ts'
import { importFile } from '../../support/jobs.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'
import { Receiver } from '../../webhooks/receiver.ts'
import { plantPerson, taken } from './person.ts'
import { unzip } from './zip.ts'

let server: TestServer
let owner: AdminClient
let receiver: Receiver
let main: TestApplication
let path: string
beforeAll(async () => {
  server = await startServer({ FUNCTION_EGRESS: 'open' })
  owner = await createAdmin(server, 'owner')
  receiver = await Receiver.open()
  main = server.main
  path = `/applications/${main.id}`
})
afterAll(async () => {
  receiver.close()
  await server.close()
})

const rowsOf = async (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)
const count = async (text: string, values: unknown[] = []) => Number((await rowsOf(text, values))[0]?.[0])

async function ended(id: number) {
  const look = () => owner.get(`${path}/jobs/${id}`).expect(200)
  await expect
    .poll(look, { interval: 20 })
    .toMatchObject({ body: { state: expect.stringMatching(/FINISHED|FAILED/) } })
  const { body } = await look()
  expect(body).toMatchObject({ state: 'FINISHED' })
  return body
}

/** Where a text stands in the database: by table and column. */
async function placesOf(text: string): Promise<string[]> {
  const columns = await rowsOf(`
    select c.table_schema, c.table_name, c.column_name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where t.table_type = 'BASE TABLE' and c.table_schema in ('public', 'graphile_worker')`)
  const found: string[] = []
  for (const [schema, table, column] of columns) {
    const of = `"${schema}"."${table}" t where strpos(lower(t."${column}"::text), lower($1)) > 0`
    if ((await count(`select count(*) from ${of}`, [text])) > 0) found.push(`${table}.${column}`)
  }
  return found.sort()
}

describe('an export', () => {
  it('is a ZIP with all data and files of a person', async () => {
    const name = `jane-${uuid().slice(0, 8)}`
    const { person, answer, file } = await plantPerson(
      { server, owner, receiver, main, path },
      name,
      `Jane Quill ${name.slice(5)}`,
    )
    const developer = await createAdmin(server, 'developer')
    const { body: job } = await developer.post(`${path}/users/${person.id}/export`).expect(202)
    expect(job.type).toBe('PERSON_EXPORT')
    const { processed } = await ended(job.id)
    expect(processed).toBeGreaterThan(8)
    const answered = await developer.get(`${path}/jobs/${job.id}/file`).responseType('blob').expect(200)
    expect(answered.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': expect.stringContaining(`user-${person.id}.zip`),
    })
    const files = unzip(answered.body)
    const json = (part: string) => JSON.parse(String(files.get(`${part}.json`)))
    expect(json('profile')).toMatchObject([
      { id: person.id, name, properties: { email: `${name}@example.org` } },
    ])
    expect(json('memberships')).toHaveLength(2)
    expect(json('messages').map(({ body }: { body: string }) => body)).toContain('a secret')
    expect(json('reactions')).toMatchObject([{ messageId: answer.id }])
    expect(json('reads').length).toBeGreaterThan(0)
    expect(json('sessions')).toMatchObject([{ userAgent: `${name}'s phone`, chatSessions: [{}] }])
    expect(json('notifications').length).toBeGreaterThan(0)
    expect(json('reports')).toMatchObject([{ messageId: answer.id }])
    expect(json('manifest')).toMatchObject({ userId: person.id, files: 2, rows: { memberships: 2 } })
    const sent = [...files].find(([name]) => name.endsWith('.txt'))
    expect(String(sent?.[1])).toContain('a letter of')
    expect(sent?.[0]).toContain(file.file.url.split('/').at(-2))
  })

  it("contains no one else's data: it is refused for other applications, unknown users, and operators without the role", async () => {
    const user = await createUser(main)
    const other = await server.createApplication()
    await owner.post(`/applications/${other.id}/users/${user.id}/export`).expect(404)
    await owner.post(`${path}/users/999999999/export`).expect(404)
    await (await createAdmin(server, 'moderator')).post(`${path}/users/${user.id}/export`).expect(403)
    await owner.get(`${path}/jobs/999999999/file`).expect(404)
  })
})

/**
 * Columns with text in which no name of a person is planted, and why. Whoever adds a column says so here, or plants one.
 */
const nameless: Record<string, string> = Object.fromEntries(
  (
    [
      [
        'what only this program writes: types, kinds, states, numbers and random texts',
        `access_token.client_id access_token.scope application.retention audit_entry.action audit_entry.target_id
         audit_entry.target_type
         channel.member_set counter.scope credential.client_id encryption_key.id event_log.type file.content_type
         function.type function_run.payload lease.name moved_item.kind moved_item.source outbox_event.type reaction.emoji
         user_session.topics webhook.events webhook_delivery.message_id webhook_delivery.type`,
      ],
      [
        'a hash',
        'credential.previous_secret_hash credential.secret_hash operator.password_hash sign_in_attempt.key',
      ],
      [
        'operators and where they come from, who are no users',
        `admin_key.created_by admin_key.hint admin_key.name
         audit_entry.actor_name audit_entry.address operator.issuer operator.subject operator.username resolved_report.resolved_by user_ban.created_by`,
      ],
      [
        'what a customer wrote for machines, which the certificate counts',
        `application.ui function.draft function.name
         function_version.handler_script runtime.dependencies runtime.initialization_script webhook.url`,
      ],
      ['there for moments: another test has it', 'job.input outbox_event.payload'],
      [
        'the test API, which docs/data.md excepts',
        `snapshot.content snapshot.name world.access_token world.client_secret
         world.initial world.written`,
      ],
    ] as const
  ).flatMap(([why, columns]) => columns.split(/\s+/).map((column) => [column, why])),
)

/** All columns of the schema in which text can stand. */
async function textColumns(): Promise<string[]> {
  const columns = await rowsOf(`
    select c.table_name || '.' || c.column_name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where t.table_type = 'BASE TABLE' and c.table_schema = 'public' and c.table_name not like '\\_prisma%'
      and (c.data_type in ('text', 'character varying', 'json', 'jsonb')
        or c.data_type = 'ARRAY' and c.udt_name in ('_text', '_varchar', '_jsonb'))
    order by 1`)
  return columns.map(([column]) => String(column))
}

describe('an erasure', () => {
  it('leaves the names of the person nowhere: in no column of any table, and in no file', async () => {
    const name = `zaphod-${uuid().slice(0, 8)}`
    const displayName = `Zaphod Beeblebrox ${name.slice(7)}`
    const { person, channel, direct, answer, file } = await plantPerson(
      { server, owner, receiver, main, path },
      name,
      displayName,
    )
    const { body: exporting } = await owner.post(`${path}/users/${person.id}/export`).expect(202)
    await ended(exporting.id)
    const named = new Set([...(await placesOf(name)), ...(await placesOf(displayName))])
    const unplanted = (await textColumns()).filter((column) => !named.has(column))
    expect(unplanted, 'plant a name there, or say why none can stand there').toEqual(
      Object.keys(nameless).sort(),
    )
    const members = (await main.get(`/channels/${channel.id}/members`).expect(200)).body.page.totalElements

    const { body: job } = await owner
      .post(`${path}/users/${person.id}/erase`, { messages: 'delete' })
      .expect(202)
    await main.get(`/users/${person.id}`).expect(404)
    await ended(job.id)
    while (await sweepFiles(server.ctx));
    await taken(server)

    expect(await placesOf(name)).toEqual([])
    expect(await placesOf(displayName)).toEqual([])
    expect(await placesOf(`${name}@example.org`)).toEqual([])
    for (const text of [name, displayName]) expect(await filesWith(text)).toEqual([])
    await supertest(file.file.url).get('').set('authorization', `Bearer ${main.token}`).expect(404)

    const { body: left } = await main.get(`/messages/${answer.id}`).expect(200)
    expect(left.body).toMatch(/^Hello @\*+, or \*+! And @\*+ again$/)
    expect(left.body).toHaveLength(answer.body.length)
    const { body: page } = await main.get(`/channels/${direct.id}/messages`).expect(200)
    expect(page.page.total).toBe(0)
    expect((await main.get(`/channels/${channel.id}/members`).expect(200)).body.page.totalElements).toBe(
      members - 1,
    )
    await createUser(main, { name }) // it is free
  })

  it('records a certificate in the audit log that says what was done, and can be verified', async () => {
    const user = await createUser(main, { displayName: 'Slartibartfast' })
    await deploy(main, 'user.read.message', 'async () => {} // for Slartibartfast')
    const hook = { url: 'https://example.com/slartibartfast', events: ['job.ended'] }
    await owner.post(`${path}/webhooks`, hook).expect(201)
    const channel = await createChannel(main, { members: [{ id: user.id }] })
    await sendMessage(main, channel.id, { user: { id: user.id }, body: 'fjords' })
    const { body: job } = await owner
      .post(`${path}/users/${user.id}/erase`, { messages: 'redact' })
      .expect(202)
    await ended(job.id)
    const { items } = (
      await owner.get(`/audit?application=${main.id}&action=user.erased&limit=1`).expect(200)
    ).body
    expect(items[0]).toMatchObject({
      actor: { type: 'system' },
      target: { type: 'user', id: String(user.id) },
      details: { messages: 'redact', rows: { message: 1 }, left: { function_version: 1, webhook: 1 } },
    })
    const { sha256, rows, left, ...others } = items[0].details
    const sorted = (of: object) => Object.fromEntries(Object.entries(of).toSorted())
    const certificate = JSON.stringify(sorted({ ...others, rows: sorted(rows), left: sorted(left) }))
    expect(createHash('sha256').update(certificate).digest('hex')).toBe(sha256)
    const started = (await owner.get(`/audit?application=${main.id}&action=user.erasure_started&limit=1`))
      .body
    expect(started.items[0]).toMatchObject({
      actor: { type: 'key', name: 'owner' },
      details: { jobId: job.id },
    })
    const { body: page } = await main.get(`/channels/${channel.id}/messages`).expect(200)
    expect(page._embedded.messages).toMatchObject([
      { body: '[erased]', user: { displayName: 'Erased user' } },
    ])
    expect(await count('select count(*) from job where id = $1 and input ? $2', [job.id, 'terms'])).toBe(0)
  })

  it('keeps messages where that is requested, without an author', async () => {
    const user = await createUser(main, { displayName: 'Marvin the Third' })
    const channel = await createChannel(main, { members: [{ id: user.id }] })
    await sendMessage(main, channel.id, { user: { id: user.id }, body: 'Marvin the Third was here' })
    await main.delete(`/users/${user.id}`).expect(200)
    const { body: job } = await owner.post(`${path}/users/${user.id}/erase`, { messages: 'keep' }).expect(202)
    await ended(job.id)
    const { body: page } = await main.get(`/channels/${channel.id}/messages`).expect(200)
    expect(page._embedded.messages).toMatchObject([
      { body: '**************** was here', user: { displayName: 'Erased user', name: `erased-${user.id}` } },
    ])
  })

  it('leaves pending deliveries about others in a valid form', async () => {
    const [person, friend] = await Promise.all([createUser(main), createUser(main)])
    const members = [{ id: person.id }, { id: friend.id }]
    const direct = await createChannel(main, { type: 'DIRECT', members })
    const hooks = `${path}/webhooks`
    const events = ['channel.deleted']
    const away = await Receiver.open()
    const { body: hook } = await owner.post(hooks, { url: away.url, events }).expect(201)
    away.answers.push({ status: 500, headers: { 'retry-after': '3600' } })
    await main.delete(`/channels/${direct.id}`).expect(200)
    const pending = async () =>
      (await owner.get(`${hooks}/${hook.id}/deliveries?state=pending`).expect(200)).body.items
    await expect.poll(pending).toMatchObject([{ attempts: [{ status: 500 }] }])
    const { body: job } = await owner
      .post(`${path}/users/${person.id}/erase`, { messages: 'keep' })
      .expect(202)
    await ended(job.id)
    const [{ id }] = await pending()
    await owner.post(`${hooks}/${hook.id}/deliveries/${id}/replay`).expect(202)
    await expect.poll(() => away.received.length).toBe(2)
    const { data } = JSON.parse(away.received[1]?.body ?? '')
    const erased = data.members.find(({ id }: { id: number }) => id === person.id)
    expect(erased).toMatchObject({ displayPictureUrl: expect.stringMatching(/^http/), properties: {} })
    expect(JSON.stringify(data)).not.toContain(person.name)
    away.close()
  })

  it('leaves files, mentions, interfaces and events intact, whatever the person is called', async () => {
    const names = ['key', 'type', 'HOSTED', 'message', 'userId', 'available']
    const persons = await Promise.all(names.map((name) => createUser(main, { name, displayName: name })))
    const friend = await createUser(main)
    await main.patch(`/users/${friend.id}`, { presence: { status: 'AVAILABLE' } }).expect(200)
    const channel = await createChannel(main, { members: [...persons, friend].map(({ id }) => ({ id })) })
    const by = { user: { id: friend.id } }
    const body = `Dear ${names.map((name) => `<@${name}>`).join(', ')} and <@${friend.name}>!`
    const { id } = await sendMessage(main, channel.id, { ...by, body, properties: { type: 'key' } })
    const { body: sent } = await main
      .post(`/channels/${channel.id}/messages`)
      .field({ username: friend.name })
      .attach('file', Buffer.from('a letter'), 'type of key.txt')
      .expect(200)
    const features = { message: { reactions: 'disabled' } }
    await rowsOf('update application set ui = $2 where id = $1', [main.id, JSON.stringify({ features })])
    const logged = { userId: friend.id, messageId: id, message: { id, type: 'TEXT', body } }
    const insert = `insert into event_log (application_id, type, payload) values ($1, 'message.hidden', $2) returning position`
    const [[position] = []] = await rowsOf(insert, [main.id, JSON.stringify(logged)])
    await taken(server)

    for (const person of persons) {
      const { body: job } = await owner
        .post(`${path}/users/${person.id}/erase`, { messages: 'keep' })
        .expect(202)
      await ended(job.id)
    }

    const tags = names.map((name) => `<@${'*'.repeat(name.length)}>`)
    const masked = `Dear ${tags.join(', ')} and <@${friend.name}>!`
    const { body: text } = await main.get(`/messages/${id}`).expect(200)
    expect(text).toMatchObject({ body: masked, properties: { '****': '***' } })
    expect(text.mentions).toMatchObject([
      ...persons.map((person, at) => ({ type: 'USER', tag: tags[at], user: { id: person.id } })),
      { type: 'USER', tag: `<@${friend.name}>`, user: { id: friend.id } },
    ])
    const { body: letter } = await main.get(`/messages/${sent.id}`).expect(200)
    expect(letter.file).toMatchObject({ type: 'HOSTED', name: '**** of ***.txt', size: 8 })
    await supertest(letter.file.url)
      .get('')
      .set('authorization', `Bearer ${main.token}`)
      .expect(200, 'a letter')
    await main.get(`/users/${friend.id}`).expect(200, /"AVAILABLE"/)
    expect(await rowsOf('select ui from application where id = $1', [main.id])).toEqual([[{ features }]])
    expect(await rowsOf('select payload from event_log where position = $1', [position])).toEqual([
      [{ ...logged, message: { ...logged.message, body: masked } }],
    ])
  })

  it('loses no deliveries, import keys or items of a move, whatever the person is called', async () => {
    const application = await server.createApplication()
    const within = `/applications/${application.id}`
    const real = 'Trillian Astra'
    const names = ['type', 'key', 'message', '100', 'trillian']
    const persons = await Promise.all(
      names.map((name) => createUser(application, { name, displayName: name === 'trillian' ? real : name })),
    )
    const friend = await createUser(application)
    const channel = await createChannel(application, { members: [{ id: friend.id }] })

    const items = names.map((name, at) => ({
      type: 'TEXT',
      channelId: channel.id,
      user: friend.name,
      body: `imported ${at}`,
      idempotencyKey: name === '100' ? '100' : `${name}-17`,
    }))
    await importFile(application, 'messages', items)
    await taken(server)

    const { body: hook } = await owner
      .post(`${within}/webhooks`, { url: 'http://127.0.0.1:1/', events: ['job.ended'] })
      .expect(201)
    const about = (body: string) => {
      const message = { id: 100, type: 'TEXT', body, user: { id: friend.id, isGuest: false }, properties: {} }
      return { type: 'message.created', timestamp: '2026-11-27T00:00:00Z', data: message }
    }
    const attempts = [{ time: '2026-11-27T00:00:00Z', durationMs: 100, status: 200, answer: 'ok' }]
    const deliver = (body: string) =>
      rowsOf(
        `insert into webhook_delivery (webhook_id, type, payload, body, state, attempts)
         values ($1, 'message.created', '{"type": "message", "messageId": 100}', $2, 'DELIVERED', $3)`,
        [hook.id, JSON.stringify(about(body)), JSON.stringify(attempts)],
      )
    await deliver('hello')
    await deliver(`hello ${real}!`)

    const createdTime = '2026-11-27T00:00:00Z'
    const moved = (body: string, more = {}) => ({
      ...{ channel: 'c', user: 'friend', body, nestedLevel: 0, reactions: [], properties: {}, createdTime },
      mentions: [{ type: 'USER', tag: '@friend', startPosition: 0, endPosition: 7, key: 'friend' }],
      ...more,
    })
    const stage = (key: string, kind: string, content: object, parent: string | null = null) =>
      rowsOf(
        `insert into moved_item (application_id, source, kind, key, parent_key, digest, content, pass)
         values ($1, 'stream', $2, $3, $4, '\\x01', $5, 1)`,
        [application.id, kind, key, parent, JSON.stringify(content)],
      )
    const theirs = `trillian-${uuid()}`
    await stage('100', 'message', moved('a type of message'))
    await stage('message-1', 'message', moved(`to ${real}`), '100')
    await stage(theirs, 'message', moved('mine', { user: 'trillian' }))
    await stage('reply', 'message', moved('yes'), theirs)
    await stage('trillian', 'user', { type: 'PERSON', name: 'trillian', displayName: real, properties: {} })
    await stage('state', 'state', { steps: { message: 'done' }, memory: { key: 100, type: 1 } })

    for (const { id } of persons) {
      const { body: job } = await owner.post(`${within}/users/${id}/erase`, { messages: 'keep' }).expect(202)
      await expect
        .poll(() => owner.get(`${within}/jobs/${job.id}`), { interval: 20 })
        .toMatchObject({ body: { state: 'FINISHED' } })
    }

    const keys = await rowsOf('select key from idempotency_key where application_id = $1', [application.id])
    expect(keys).toHaveLength(names.length)
    expect(keys.join()).not.toContain('trillian')
    await importFile(application, 'messages', items)
    const { body: page } = await application.get(`/channels/${channel.id}/messages`).expect(200)
    expect(page.page.total).toBe(names.length)

    expect(
      await rowsOf(
        `select body::jsonb -> 'data' ->> 'body', attempts from webhook_delivery
         where webhook_id = $1 and type = 'message.created'`,
        [hook.id],
      ),
    ).toEqual([['hello', attempts]])

    const left = await rowsOf(
      `select kind, key, parent_key, id, content from moved_item where application_id = $1 order by kind, key`,
      [application.id],
    )
    const erased = persons.at(-1)?.id
    const renamed = theirs.replace('trillian', () => `erased-${erased}`)
    expect(left).toEqual([
      ['message', '100', null, null, moved('a **** of *******')],
      ['message', renamed, null, null, moved('mine', { user: `erased-${erased}` })],
      ['message', 'message-1', '100', null, moved('to **************')],
      ['message', 'reply', renamed, null, moved('yes')],
      ['state', 'state', null, null, { steps: { message: 'done' }, memory: { key: 100, type: 1 } }],
      ['user', `erased-${erased}`, null, erased, null],
    ])
  })

  it('leaves nothing for a move to write that the person wrote or did, also if their id there is a number', async () => {
    const application = await server.createApplication()
    const person = await createUser(application)
    const createdTime = '2026-11-27T00:00:00Z'
    const stage = (kind: string, key: string, content: object | null, id: number | null = null) =>
      rowsOf(
        `insert into moved_item (application_id, source, kind, key, id, digest, content, pass)
         values ($1, 'chatkitty 1', $2, $3, $4, '\\x01', $5, 1)`,
        [application.id, kind, key, id, content && JSON.stringify(content)],
      )
    const reader = { user: '58', time: createdTime }
    const reaction = { emoji: 'tada', users: ['58'] }
    const message = { channel: '57', user: '57', nestedLevel: 0, createdTime }
    await stage('user', '57', null, person.id)
    await stage('message', '57', { ...message, body: 'secret', properties: { a: 1 }, reactions: [] })
    const theirs = [{ emoji: '+1', users: ['57'] }]
    const others = { ...message, user: '58', body: 'hi', properties: {}, mentions: [] }
    await stage('message', '59', {
      ...others,
      reactions: [...theirs, { ...reaction, users: ['57', '58'] }],
    })
    await stage('member', '57 57', { channel: '57', user: '57', createdTime })
    await stage('member', '57 58', { channel: '57', user: '58', createdTime })
    await stage('receipts', '59', { channel: '57', readers: [{ ...reader, user: '57' }, reader] })
    await stage('notification', '59 57', { recipient: '57', message: '59', title: 'a', body: 'b' })

    const erase = `/applications/${application.id}/users/${person.id}/erase`
    const { body: job } = await owner.post(erase, { messages: 'delete' }).expect(202)
    await expect
      .poll(() => owner.get(`/applications/${application.id}/jobs/${job.id}`), { interval: 20 })
      .toMatchObject({ body: { state: 'FINISHED' } })

    const left = await rowsOf(
      `select kind, key, content from moved_item where application_id = $1 order by kind, key`,
      [application.id],
    )
    const erased = { body: '[erased]', properties: {}, mentions: [], links: [], reactions: [] }
    expect(left).toEqual([
      ['member', '57 57', null],
      ['member', '57 58', { channel: '57', user: '58', createdTime }],
      ['message', '57', { ...message, ...erased }],
      ['message', '59', { ...others, reactions: [reaction] }],
      ['notification', '59 57', null],
      ['receipts', '59', { channel: '57', readers: [reader] }],
      ['user', '57', null],
    ])
  })

  it('is for owners only, requires a choice for messages, and requires an existing user', async () => {
    const { id } = await createUser(main)
    const body = { messages: 'keep' }
    await (await createAdmin(server, 'developer')).post(`${path}/users/${id}/erase`, body).expect(403)
    const other = await server.createApplication()
    await owner.post(`/applications/${other.id}/users/${id}/erase`, body).expect(404)
    await owner.post(`${path}/users/999999999/erase`, body).expect(404)
    for (const wrong of [{}, { messages: 'burn' }, undefined]) {
      const answer = await owner.post(`${path}/users/${id}/erase`, wrong).expect(400)
      expect(JSON.stringify(answer.body)).toMatch(/messages|body/)
    }
    await main.get(`/users/${id}`).expect(200)
  })

  it('leaves the rest of audit entries unchanged', async () => {
    await expect(rowsOf(`update audit_entry set action = 'x'`)).rejects.toThrow('never changed')
  })
})

/** Files of the server, its logs among them, in which a text stands. */
async function filesWith(text: string): Promise<string[]> {
  const all = await readdir(server.ctx.config.home, { recursive: true, withFileTypes: true })
  const files = all.filter((entry) => entry.isFile())
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const at = join(parentPath, name)
      const bytes = await readFile(at, 'latin1').catch(() => '')
      return bytes.includes(text) || at.includes(text) ? [at] : []
    }),
  )
  return found.flat()
}
