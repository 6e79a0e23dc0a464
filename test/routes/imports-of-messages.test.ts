import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { importFile } from '../support/jobs.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

describe('importMessages', () => {
  it('accepts the sample of the guide as far as it can: an item without a channel fails', async () => {
    const sample = { type: 'SYSTEM_TEXT', body: 'Hello, World!' }
    const job = await importFile(main, 'messages', [sample])
    expect(job).toMatchObject({ type: 'MESSAGE_IMPORT', state: 'FAILED', processed: 1, failed: 1 })
    expect(job.errors).toEqual([{ index: 0, reason: 'channelId is required' }])
  })

  it('stores messages as the API would, in the order of the file', async () => {
    const application = await server.createApplication()
    const author = await createUser(application, { name: 'ann' })
    const channel = await createChannel(application, { name: 'lobby' })
    const body = 'Hi <@ann> in <#lobby>, see https://example.com/\ttab\\n "q" \u{1F600}\r\nend'
    const job = await importFile(application, 'messages', [
      { type: 'SYSTEM_TEXT', channel_id: channel.id, body: 'first' },
      {
        type: 'TEXT',
        channelId: channel.id,
        user: 'ann',
        body,
        group_tag: 'g\t1',
        properties: { 'a\tb': '\\N' },
      },
      { type: 'TEXT', channelId: channel.id, user: 'nobody', body: 'x' },
      { type: 'TEXT', channelId: channel.id, body: 'x' },
      { type: 'FILE', channelId: channel.id, body: 'x' },
      { type: 'SYSTEM_TEXT', channelId: 4_000_000_000, body: 'x' },
      { type: 'SYSTEM_TEXT', channelId: channel.id, body: '\\N' },
    ])
    expect(job).toMatchObject({ state: 'FINISHED', processed: 7, failed: 4, total: 7 })
    expect(job.errors.map(({ index }: { index: number }) => index)).toEqual([2, 3, 4, 5])
    expect(job.errors[0]?.reason).toBe('user nobody does not exist')
    expect(job.errors[3]?.reason).toBe('channel 4000000000 does not exist')

    const sent = await application
      .post(`/channels/${channel.id}/messages`, {
        type: 'TEXT',
        body,
        groupTag: 'g\t1',
        properties: { 'a\tb': '\\N' },
        user: { id: author.id },
      })
      .expect(200)
    const list = await application.get(`/channels/${channel.id}/messages`).expect(200)
    const [newest, last, imported, first] = list.body._embedded.messages
    expect(first).toMatchObject({ type: 'SYSTEM_TEXT', body: 'first' })
    expect(last).toMatchObject({ body: '\\N' })
    const { id: _, createdTime: __, _links: ___, ...content } = imported
    const { id, createdTime, _links, ...same } = sent.body
    expect(content).toEqual(same)
    expect(newest.id).toBe(id)
    expect(list.body.page.total).toBe(4)
    const found = await application.get(`/messages?query=tab`).expect(200)
    expect(found.body._embedded.messages).toHaveLength(2)
  })

  it('skips known keys, in the same file or another', async () => {
    const application = await server.createApplication()
    const channel = await createChannel(application)
    const items = Array.from({ length: 30 }, (_, at) => ({
      type: 'SYSTEM_TEXT',
      channelId: channel.id,
      body: `message ${at}`,
      idempotencyKey: `key ${at % 20}`,
    }))
    for (const _ of [1, 2]) {
      expect(await importFile(application, 'messages', items)).toMatchObject({
        state: 'FINISHED',
        failed: 0,
        errors: [],
        processed: 30,
      })
      const { body } = await application.get(`/channels/${channel.id}/messages`).expect(200)
      expect(body.page.total).toBe(20)
    }
  })

  it('leaves the key of an item that failed to the next item with it, also of the same file', async () => {
    const application = await server.createApplication()
    const channel = await createChannel(application)
    const item = { type: 'SYSTEM_TEXT', channelId: channel.id, idempotencyKey: 'k' }
    const bad = { ...item, type: 'TEXT', user: 'nobody', body: 'failed' }
    const items = [bad, { ...item, idempotencyKey: 'other', body: 'other' }, bad]
    const job = await importFile(application, 'messages', [
      ...items,
      { ...item, body: 'stored' },
      { ...item, body: 'known' },
    ])
    expect(job).toMatchObject({ state: 'FINISHED', processed: 5, failed: 2 })
    expect(job.errors.map(({ index }: { index: number }) => index)).toEqual([0, 2])
    const { body } = await application.get(`/channels/${channel.id}/messages`).expect(200)
    expect(body._embedded.messages).toMatchObject([{ body: 'stored' }, { body: 'other' }])
  })

  it('reports every item with a key under which items fail again and again', async () => {
    const application = await server.createApplication()
    const channel = await createChannel(application)
    const item = { type: 'TEXT', channelId: channel.id, user: 'nobody', body: 'failed', idempotencyKey: 'k' }
    const job = await importFile(application, 'messages', [
      ...Array.from({ length: 20 }, () => item),
      { ...item, type: 'SYSTEM_TEXT', idempotencyKey: 'other' },
    ])
    expect(job).toMatchObject({ state: 'FINISHED', processed: 21, failed: 20 })
    expect(job.errors.at(-1)).toEqual({ index: 19, reason: expect.stringContaining('same key') })
  })

  it('refuses channels and users of another application', async () => {
    const other = await server.createApplication()
    const { name } = await createUser(other)
    const [foreign, own] = [await createChannel(other), await createChannel(main)]
    const job = await importFile(main, 'messages', [
      { type: 'SYSTEM_TEXT', channelId: foreign.id, body: 'x' },
      { type: 'TEXT', channelId: own.id, user: name, body: 'x' },
    ])
    expect(job).toMatchObject({ state: 'FAILED', failed: 2 })
  })

  it('notifies nobody', async () => {
    const { name } = await createUser(main)
    const channel = await createChannel(main, { members: [{ username: name }] })
    await importFile(main, 'messages', [
      { type: 'SYSTEM_TEXT', channelId: channel.id, body: `Hello <@${name}>` },
    ])
    const { body: users } = await main.get(`/users?name=${name}`)
    const { body } = await main.get(`/users/${users._embedded.users[0].id}/notifications`).expect(200)
    expect(body._embedded.notifications).toEqual([])
  })
})
