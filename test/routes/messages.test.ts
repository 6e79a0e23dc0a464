import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ChannelDocument,
  embedded,
  type MessageDocument,
  type PageDocument,
  type UserDocument,
} from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
let user: UserDocument
let channel: ChannelDocument
beforeAll(async () => {
  server = await shareServer()
  main = server.main
  user = await createUser(main)
  channel = await createChannel(main)
})
afterAll(() => server.close())

const missing = 4_000_000_000
const file = { name: 'cat.png', contentType: 'image/png', size: 12, url: 'https://files.example.com/cat.png' }
const bodiesOf = (page: PageDocument<'messages', MessageDocument>) =>
  page._embedded.messages.map(({ body }) => body)

describe('sendChannelMessage', () => {
  it('sends as the system where no user is named', async () => {
    const { body } = await main
      .post(`/channels/${channel.id}/messages`, {
        type: 'TEXT',
        body: 'Hi',
        groupTag: 'g',
        properties: { a_b: 1 },
      })
      .expect(200)
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'SYSTEM_TEXT',
      channelId: channel.id,
      body: 'Hi',
      links: [],
      mentions: [],
      groupTag: 'g',
      nestedLevel: 0,
      properties: { a_b: 1 },
      createdTime: expect.stringMatching(/\.\d{3}Z$/),
      _links: expect.any(Object),
    })
    expect(Object.keys(body._links)).toEqual(['self', 'channel', 'application'])
    expect((await main.get(`/messages/${body.id}`).expect(200)).body).toEqual(body)
  })

  it('takes a blank group tag as absent, as in a form', async () => {
    expect(await sendMessage(main, channel.id, { groupTag: '' })).not.toHaveProperty('groupTag')
  })

  it('sends on behalf of a user by id, name or link, even if it is no member', async () => {
    for (const reference of [{ id: user.id }, { username: user.name }, { href: user._links.self.href }]) {
      const message = await sendMessage(main, channel.id, { user: reference })
      expect(message).toMatchObject({ type: 'TEXT', user: embedded(user) })
      expect(message._links.user).toEqual(user._links.self)
      expect((await main.get(`/messages/${message.id}`)).body).toEqual(message)
    }
  })

  it('sends files that are hosted elsewhere', async () => {
    const { body } = await main
      .post(`/channels/${channel.id}/messages`, { type: 'FILE', file, user: { id: user.id } })
      .expect(200)
    expect(body).toMatchObject({ type: 'FILE', file: { type: 'EXTERNAL', ...file }, user: embedded(user) })
    expect(body).not.toHaveProperty('body')
    expect((await main.get(`/messages/${body.id}`)).body).toEqual(body)
    const snake = { ...file, contentType: undefined, content_type: 'image/gif' }
    const system = await main
      .post(`/channels/${channel.id}/messages`, { type: 'FILE', file: snake })
      .expect(200)
    expect(system.body).toMatchObject({ type: 'SYSTEM_FILE', file: { contentType: 'image/gif' } })
    expect(system.body).not.toHaveProperty('user')
  })

  it('keeps every character of a body', async () => {
    const body = ' \t"\\ <b>&amp; %_ \u202e 日本語 👩‍👩‍👧‍👦\n\r\u0001 '
    const message = await sendMessage(main, channel.id, { body })
    expect((await main.get(`/messages/${message.id}`)).body.body).toBe(body)
  })

  it('gives messages ascending ids in the order they were sent', async () => {
    const ids = []
    for (let at = 0; at < 3; at++) ids.push((await sendMessage(main, channel.id)).id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
  })

  it('stores nothing for an unknown channel or user, also beside others sent concurrently', async () => {
    const path = `/channels/${channel.id}/messages`
    const text = { type: 'TEXT', body: `among others ${uuid()}` }
    const answers = await Promise.all([
      main.post(path, text),
      main.post(`/channels/${missing}/messages`, text),
      main.post(path, { ...text, user: { username: 'nobody' } }),
      main.post(path, { ...text, user: { id: missing } }),
      main.post(path, { ...text, user: { href: 'nowhere' } }),
      main.post(path, text),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 404, 404, 200])
    const { body } = await main.get(`/channels/${channel.id}/messages?query=${encodeURIComponent(text.body)}`)
    expect(body.page.total).toBe(2)
  })

  it('requires a type, and the fields of that type', async () => {
    const refused = async (input: unknown) => {
      const answer = await main.post(`/channels/${channel.id}/messages`, input)
      expectRefusal(answer, 400)
      expect(answer.body.resource).toBe('message')
      return [answer.body.field, answer.body.code]
    }
    expect(await refused({ body: 'x' })).toEqual(['type', 'missing_field'])
    expect(await refused({ type: 'SYSTEM_TEXT', body: 'x' })).toEqual(['type', 'invalid'])
    expect(await refused({ type: 'TEXT' })).toEqual(['body', 'missing_field'])
    expect(await refused({ type: 'TEXT', body: ' ' })).toEqual(['body', 'invalid'])
    expect(await refused({ type: 'TEXT', body: 'x'.repeat(65_537) })).toEqual(['body', 'invalid'])
    expect(await refused({ type: 'FILE', body: 'x' })).toEqual(['file', 'missing_field'])
    expect(await refused({ type: 'FILE', file: { ...file, size: -1 } })).toEqual(['file.size', 'invalid'])
    expect(await refused({ type: 'FILE', file: { ...file, url: 'here' } })).toEqual(['file.url', 'invalid'])
    expect(await refused({ type: 'TEXT', body: 'x', user: {} })).toEqual(['user', 'invalid'])
  })
})

describe('mentions and links', () => {
  it('are found with their positions in UTF-16', async () => {
    const body = `👋 <@${user.name}> see <#${channel.name}>, <@nobody> <#none> and https://example.com/a?b=c.`
    const message = await sendMessage(main, channel.id, { body })
    const place = (tag: string) => ({
      startPosition: body.indexOf(tag),
      endPosition: body.indexOf(tag) + tag.length,
    })
    const { _links, lastReceivedMessage, ...mentioned } = channel
    expect(message.mentions).toEqual([
      { type: 'USER', tag: `<@${user.name}>`, ...place(`<@${user.name}>`), user: embedded(user) },
      { type: 'CHANNEL', tag: `<#${channel.name}>`, ...place(`<#${channel.name}>`), channel: mentioned },
    ])
    const source = 'https://example.com/a?b=c'
    expect(message.links).toEqual([{ source, ...place(source) }])
    expect((await main.get(`/messages/${message.id}`)).body).toEqual(message)
    const { body: page } = await main.get(`/channels/${channel.id}/messages?size=1`)
    expect(page._embedded.messages).toEqual([message])
  })

  it('are found at each occurrence', async () => {
    const tag = `<@${user.name}>`
    const message = await sendMessage(main, channel.id, {
      body: `${tag}${tag} http://a.example http://a.example`,
    })
    expect(message.mentions.map(({ startPosition }) => startPosition)).toEqual([0, tag.length])
    expect(message.links).toHaveLength(2)
  })

  it('show the mentioned users and channels as they are now', async () => {
    const mentioned = await createUser(main)
    const message = await sendMessage(main, channel.id, { body: `<@${mentioned.name}>` })
    await main.patch(`/users/${mentioned.id}`, { displayName: 'Renamed' }).expect(200)
    const { body } = await main.get(`/messages/${message.id}`)
    expect(body.mentions[0].user.displayName).toBe('Renamed')
  })

  it('never refer to another application', async () => {
    const foreign = await createUser(await server.createApplication())
    const message = await sendMessage(main, channel.id, { body: `<@${foreign.name}>` })
    expect(message.mentions).toEqual([])
  })
})

describe('retrieveMessage', () => {
  it('answers 404 for a message that does not exist', async () => {
    expectRefusal(await main.get(`/messages/${missing}`), 404, 'ResourceNotFoundError')
  })
})

describe('updateMessage', () => {
  it('finds mentions and links in the new body, merges properties and sets the time of the edit', async () => {
    const message = await sendMessage(main, channel.id, {
      body: `<@${user.name}> http://a.example`,
      properties: { keep: 1, drop: 2 },
      user: { id: user.id },
    })
    const body = `http://b.example <#${channel.name}>`
    const patched = await main
      .patch(`/messages/${message.id}`, { body, properties: { drop: null, add: { a_b: 3 } }, type: 'FILE' })
      .expect(200)
    expect(patched.body).toMatchObject({
      ...message,
      body,
      properties: { keep: 1, add: { a_b: 3 } },
      links: [{ source: 'http://b.example', startPosition: 0, endPosition: 16 }],
      mentions: [{ type: 'CHANNEL', startPosition: 17, endPosition: body.length }],
      lastEditedTime: expect.stringMatching(/\.\d{3}Z$/),
    })
    expect(Date.parse(patched.body.lastEditedTime)).toBeGreaterThanOrEqual(Date.parse(message.createdTime))
    expect((await main.get(`/messages/${message.id}`)).body).toEqual(patched.body)
  })

  it('removes mentions and links that are no longer in the body', async () => {
    const message = await sendMessage(main, channel.id, { body: `<@${user.name}> http://a.example` })
    const { body } = await main.patch(`/messages/${message.id}`, { body: 'plain' }).expect(200)
    expect(body).toMatchObject({ body: 'plain', links: [], mentions: [] })
  })

  it('leaves the body unchanged where only properties change', async () => {
    const message = await sendMessage(main, channel.id, { body: `<@${user.name}>`, properties: { a: 1 } })
    const { body } = await main.patch(`/messages/${message.id}`, { properties: null }).expect(200)
    expect(body).toEqual({ ...message, properties: {}, lastEditedTime: expect.any(String) })
  })

  it('edits nothing for an empty patch', async () => {
    const message = await sendMessage(main, channel.id)
    expect((await main.patch(`/messages/${message.id}`, {}).expect(200)).body).toEqual(message)
  })

  it('refuses to remove or blank the body, or to give one to a file', async () => {
    const message = await sendMessage(main, channel.id)
    for (const body of [null, '', ' \n']) {
      const answer = await main.patch(`/messages/${message.id}`, { body })
      expectRefusal(answer, 400)
      expect(answer.body).toMatchObject({ resource: 'message', field: 'body', code: 'invalid' })
    }
    const withFile = await main.post(`/channels/${channel.id}/messages`, { type: 'FILE', file }).expect(200)
    const answer = await main.patch(`/messages/${withFile.body.id}`, { body: 'x' })
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body).toMatchObject({ resource: 'message', field: 'body', code: 'invalid' })
    expectRefusal(await main.patch(`/messages/${missing}`, { body: 'x' }), 404)
  })
})

describe('deleteMessage', () => {
  it('returns the thread even if nothing kept is left in it', async () => {
    const { id: channelId } = await createChannel(main)
    const root = await sendMessage(main, channelId)
    const { body: reply } = await main
      .post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'Yes' })
      .expect(200)
    const withdraw = { text: 'update channel set removed_through_id = $2 where id = $1' }
    await server.ctx.db.query(withdraw, [channelId, root.id])
    const { body: thread } = await main.delete(`/messages/${reply.id}`).expect(200)
    expect(thread).toMatchObject({ id: root.id, type: 'MESSAGE' })
    await main.get(`/messages/${reply.id}`).expect(404)
  })

  it('answers with the main thread of its channel, and 404 the second time', async () => {
    const message = await sendMessage(main, channel.id)
    const { body } = await main.delete(`/messages/${message.id}`).expect(200)
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'MAIN',
      properties: {},
      createdTime: expect.any(String),
      _links: {
        self: { href: `${server.url}/v1/applications/${main.id}/threads/${body.id}` },
        channel: channel._links.self,
        application: channel._links.application,
      },
    })
    expectRefusal(await main.get(`/messages/${message.id}`), 404)
    expectRefusal(await main.delete(`/messages/${message.id}`), 404)
    const other = await sendMessage(main, channel.id)
    expect((await main.delete(`/messages/${other.id}`)).body.id).toBe(body.id)
  })
})

describe('deleteMessages', () => {
  it('deletes all messages of the application, and of no other', async () => {
    const [application, other] = [await server.createApplication(), await server.createApplication()]
    const channel = await createChannel(application)
    await sendMessage(application, channel.id)
    await sendMessage(application, (await createChannel(application)).id)
    await sendMessage(other, (await createChannel(other)).id)
    const { body } = await application.delete('/messages').expect(200)
    expect(body).toMatchObject({ id: application.id, key: application.apiKey })
    expect((await application.get('/messages')).body).toMatchObject({
      _embedded: { messages: [] },
      page: { total: 0 },
    })
    expect((await application.get(`/channels/${channel.id}`)).body).not.toHaveProperty('lastReceivedMessage')
    expect((await other.get('/messages')).body.page.total).toBe(1)
    await application.delete('/messages').expect(200)
  })
})

describe('listing messages', () => {
  it('shows the newest first, of a channel and of the application', async () => {
    const application = await server.createApplication()
    const [one, two] = [await createChannel(application), await createChannel(application)]
    const first = await sendMessage(application, one.id)
    const second = await sendMessage(application, two.id)
    const third = await sendMessage(application, one.id)
    const ofChannel = await application.get(`/channels/${one.id}/messages`).expect(200)
    expect(ofChannel.body._embedded.messages).toEqual([third, first])
    const ofApplication = await application.get('/messages').expect(200)
    expect(ofApplication.body._embedded.messages).toEqual([third, second, first])
    expectRefusal(await application.get(`/channels/${missing}/messages`), 404)
  })

  it('filters by the exact name of the user', async () => {
    const author = await createUser(main)
    const own = await createChannel(main)
    await sendMessage(main, own.id, { user: { id: user.id }, body: 'other' })
    await sendMessage(main, own.id, { user: { id: author.id }, body: 'mine' })
    await sendMessage(main, own.id, { body: 'system' })
    for (const path of [`/channels/${own.id}/messages`, '/messages']) {
      const { body } = await main.get(`${path}?username=${author.name}`).expect(200)
      expect(bodiesOf(body)).toEqual(['mine'])
      expect(body.page.total).toBe(1)
      expect(bodiesOf((await main.get(`${path}?username=${author.name.slice(1)}`)).body)).toEqual([])
    }
    await main.delete(`/users/${author.id}`).expect(200)
    expect(bodiesOf((await main.get(`/messages?username=${author.name}`)).body)).toEqual([])
  })

  it('filters by text in the body, whatever its case, wildcards taken literally', async () => {
    const own = await createChannel(main)
    for (const body of ['100% sure', '100 sure', 'a_b', 'aXb', 'back\\slash', 'Straße 日本']) {
      await sendMessage(main, own.id, { body })
    }
    const found = async (query: string) =>
      bodiesOf(
        (await main.get(`/channels/${own.id}/messages?query=${encodeURIComponent(query)}`).expect(200)).body,
      )
    expect(await found('0%')).toEqual(['100% sure'])
    expect(await found('%')).toEqual(['100% sure'])
    expect(await found('a_b')).toEqual(['a_b'])
    expect(await found('axB')).toEqual(['aXb'])
    expect(await found('\\')).toEqual(['back\\slash'])
    expect(await found('SURE')).toEqual(['100 sure', '100% sure'])
    expect(await found('日本')).toEqual(['Straße 日本'])
    expect(await found('nothing')).toEqual([])
  })

  it('combines both filters', async () => {
    const own = await createChannel(main)
    await sendMessage(main, own.id, { user: { id: user.id }, body: 'tea' })
    await sendMessage(main, own.id, { user: { id: user.id }, body: 'coffee' })
    await sendMessage(main, own.id, { body: 'tea' })
    const { body } = await main.get(`/channels/${own.id}/messages?username=${user.name}&query=tea`)
    expect(bodiesOf(body)).toEqual(['tea'])
    expect(body.page.total).toBe(1)
  })
})
