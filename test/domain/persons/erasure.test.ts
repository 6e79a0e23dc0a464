// Once a person is erased, nothing is left of them.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findDeliveriesAbout } from '#data/persons/erasure.ts'
import { findNamingItems, type ItemKey } from '#data/persons/moved-items.ts'
import { findNamingRows } from '#data/persons/naming-rows.ts'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { deploy } from '../../support/functions.ts'
import type { TestApplication, TestServer } from '../../support/server.ts'
import type { Receiver } from '../../webhooks/receiver.ts'
import { erase, finishedJob } from './erase.ts'
import { openWorld, plantPerson, taken } from './person.ts'

let server: TestServer
let owner: AdminClient
let receiver: Receiver
let main: TestApplication
let path: string
let close: () => Promise<void>
beforeAll(async () => {
  ;({ server, owner, receiver, main, path, close } = await openWorld())
})
afterAll(() => close())

const rowsOf = async (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)
const count = async (text: string, values: unknown[] = []) => Number((await rowsOf(text, values))[0]?.[0])

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
    await finishedJob(owner, path, exporting.id)
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
    await finishedJob(owner, path, job.id)
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
    const job = await erase(owner, path, user.id, 'redact')
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
    await erase(owner, path, user.id, 'keep')
    const { body: page } = await main.get(`/channels/${channel.id}/messages`).expect(200)
    expect(page._embedded.messages).toMatchObject([
      { body: '**************** was here', user: { displayName: 'Erased user', name: `erased-${user.id}` } },
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

    await erase(owner, `/applications/${application.id}`, person.id, 'delete')

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

  it('reads rows with large texts a few at a time, and each once', async () => {
    const text = `trillian ${'x'.repeat(900_000)}`
    const alone = await server.createApplication() // without webhooks, which get such texts too
    const channel = await createChannel(alone)
    const messages: number[] = []
    for (let nth = 0; nth < 6; nth++) {
      messages.push((await sendMessage(alone, channel.id, { properties: { text } })).id)
    }
    const hook = await rowsOf(
      `insert into webhook (application_id, url, events, secret, enabled) values ($1, 'https://e.org', '{*}', '', false)
       returning id`,
      [alone.id],
    )
    const deliveries = await rowsOf(
      `insert into webhook_delivery (webhook_id, type, body, state)
       select $1, 'message.created', $2, 'DELIVERED' from generate_series(1, 6) returning id`,
      [hook[0]?.[0], JSON.stringify({ text })],
    )
    const about = { applicationId: alone.id, userId: 4_000_000_000, patterns: ['%trillian%'] }
    const keys = Array.from({ length: 6 }, (_, nth) => `m-${nth}`)
    await rowsOf(
      `insert into moved_item (application_id, source, kind, key, digest, content, pass)
       select $1, 'chatkitty 26', 'message', key, '', $2, 1 from unnest($3::text[]) as key`,
      [alone.id, JSON.stringify({ text }), keys],
    )
    interface Page<R, K> {
      rows: R[]
      next: K | undefined
    }
    const pagesOf = async <R, K>(
      after: K | undefined,
      find: (after: K | undefined) => Promise<Page<R, K>>,
    ): Promise<R[][]> => {
      const page = await find(after)
      return page.next === undefined ? [page.rows] : [page.rows, ...(await pagesOf(page.next, find))]
    }
    const { db } = server.ctx
    const found = [
      await pagesOf(0, (after = 0) => findNamingRows(db, 'message', { ...about, after })),
      await pagesOf(0, (after = 0) =>
        db.transact((tx) => findDeliveriesAbout(tx, { ...about, after, limit: 500 })),
      ),
      await pagesOf(undefined, (after: ItemKey | undefined) =>
        findNamingItems(db, { ...about, after, limit: 500 }),
      ),
    ].map((pages) => pages.map((rows) => rows.map((row) => ('key' in row ? row.key : row.id))))
    expect(found.map((pages) => pages.flat())).toEqual([messages, deliveries.map(([id]) => Number(id)), keys])
    expect(found.map((pages) => Math.max(...pages.map(({ length }) => length)))).toEqual([5, 5, 5])
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
