// What belongs to others stays whole when a person is erased.
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { importFile } from '../../support/jobs.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'
import { Receiver } from '../../webhooks/receiver.ts'
import { erase } from './erase.ts'
import { taken } from './person.ts'

let server: TestServer
let owner: AdminClient
let main: TestApplication
let path: string
beforeAll(async () => {
  server = await startServer({ FUNCTION_EGRESS: 'open' })
  owner = await createAdmin(server, 'owner')
  main = server.main
  path = `/applications/${main.id}`
})
afterAll(() => server.close())

const rowsOf = async (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)

describe('an erasure', () => {
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
    await erase(owner, path, person.id, 'keep')
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
      await erase(owner, path, person.id, 'keep')
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
      await erase(owner, within, id, 'keep')
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
})
