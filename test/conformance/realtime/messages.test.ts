// Messages through the official real-time client: sending, listing, reading, changing.
import type {
  Channel,
  FileMessage,
  ListMessagesRequest,
  Message,
  UpdateMessagePropertiesResult,
} from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  connect,
  connectNew,
  type Device,
  disconnect,
  done,
  makeChannel,
  refused,
  startChat,
  uniqueName,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aChannel, aMessage, aUser } from '../realtime-resources.ts'
import { aTime } from '../support.ts'

let server: TestServer
let alice: Device
let bob: Device
let carol: Device
let channel: Channel
beforeAll(async () => {
  server = await shareServer()
  ;[alice, bob, carol] = await connectNew(server, 'alice', 'bob', 'carol')
  channel = await makePrivateChannel()
})
afterAll(async () => {
  await disconnect(alice, bob, carol)
  await server.close()
})

/** A channel of alice, the moderator, and bob. */
const makePrivateChannel = () => makeChannel(alice, { type: 'PRIVATE', members: [{ username: 'bob' }] })

async function say({ client }: Device, body: string, where: Channel = channel): Promise<Message> {
  return (await done(client.sendMessage({ channel: where, body }))).message
}

const idsOf = (items: { id: number }[]) => items.map(({ id }) => id)

describe('messages', () => {
  it('are sent as text, with links and mentions found in it', async () => {
    const body = `<@bob> see https://example.com/a, in <#${channel.name}>`
    const { message } = await done(
      alice.client.sendMessage({ channel, body, groupTag: 'g', properties: { a_b: 1 } }),
    )
    const start = body.indexOf('https')
    expect(message).toEqual(
      aMessage({
        type: 'TEXT',
        channelId: channel.id,
        body,
        groupTag: 'g',
        properties: { a_b: 1 },
        user: aUser('alice'),
        links: [
          expect.objectContaining({
            source: 'https://example.com/a',
            startPosition: start,
            endPosition: start + 'https://example.com/a'.length,
          }),
        ],
        mentions: [
          { type: 'USER', tag: '<@bob>', startPosition: 0, endPosition: 6, user: aUser('bob') },
          expect.objectContaining({ type: 'CHANNEL', channel: expect.objectContaining({ id: channel.id }) }),
        ],
      }),
    )
  })

  it('are sent with files hosted elsewhere', async () => {
    const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 3 }
    const { message } = await done(alice.client.sendMessage({ channel, file, groupTag: 'g' }))
    const seen = {
      ...file,
      type: 'EXTERNAL',
      url: expect.stringMatching(/^https:\/\/example.com\/a.png\?grant=/),
    }
    expect(message).toEqual(
      aMessage({ type: 'FILE', channelId: channel.id, file: seen, groupTag: 'g', user: aUser('alice') }),
    )
  })

  it('are sent as uploads, which can be read with the grant of a session', async () => {
    const heard = await startChat(bob, channel)
    const file = new File(['Hello'], 'hello.txt', { type: 'text/plain' })
    const steps: string[] = []
    const { message } = await done(
      alice.client.sendMessage({
        channel,
        file,
        groupTag: 'g1',
        properties: { a_b: 1 },
        progressListener: {
          onStarted: () => steps.push('started'),
          onProgress: () => undefined,
          onCompleted: (result) => steps.push(`completed ${result}`),
        },
      }),
    )
    expect(steps).toEqual(['started', 'completed 0'])
    const seen = {
      type: 'HOSTED',
      name: 'hello.txt',
      contentType: 'text/plain',
      size: 5,
      url: expect.any(String),
    }
    const fields = { groupTag: 'g1', properties: { a_b: 1 }, file: seen, user: aUser('alice') }
    expect(message).toEqual(aMessage({ type: 'FILE', channelId: channel.id, ...fields }))
    const [received] = await heard.onMessageReceived.next(({ id }) => id === message.id)
    for (const { url } of [(message as FileMessage).file, received.file]) {
      const answer = await fetch(url)
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(await answer.text()).toBe('Hello')
    }
    heard.session.end()
    const other = alice.client.sendMessage({
      channel: { ...channel, _streams: { messages: '/v1/runtime/channels/999999999/messages' } },
      file,
    })
    expect(await other).toMatchObject({ failed: true, error: { response: { status: 404 } } })
  })

  it('are listed, newest first, in pages that join into the whole list', async () => {
    const where = await makePrivateChannel()
    const sent: number[] = []
    for (let at = 0; at < 30; at += 1) sent.unshift((await say(alice, `Message ${at}`, where)).id)
    const { paginator: first } = await done(bob.client.listMessages({ channel: where }))
    expect(first.items[0]).toEqual(
      aMessage({ type: 'TEXT', channelId: where.id, body: 'Message 29', user: aUser('alice') }),
    )
    expect(first.page).toMatchObject({ size: 25 })
    const second = await first.nextPage()
    expect(idsOf([...first.items, ...second.items])).toEqual(sent)
    expect(second.hasNextPage).toBe(false)
    expect(idsOf((await second.prevPage()).items)).toEqual(idsOf(first.items))
  })

  it('are listed by kind and by thread, and across all channels', async () => {
    const where = await makePrivateChannel()
    const parent = await say(alice, 'Parent', where)
    const { message: reply } = await done(bob.client.sendMessage({ message: parent, body: 'Reply' }))
    const external = { url: 'https://example.com/b', name: 'b', contentType: 'text/plain', size: 1 }
    const { message: file } = await done(alice.client.sendMessage({ channel: where, file: external }))
    const list = async (request: ListMessagesRequest) =>
      (await done(bob.client.listMessages(request))).paginator.items
    expect(idsOf(await list({ channel: where }))).toEqual([file.id, reply.id, parent.id])
    expect(idsOf(await list({ channel: where, filter: { mainThread: true } }))).toEqual([file.id, parent.id])
    expect(idsOf(await list({ channel: where, filter: { mainThread: false, type: 'FILE' } }))).toEqual([
      file.id,
    ])
    expect(idsOf(await list({ message: parent }))).toEqual([reply.id])
    expect(idsOf(await list({})).slice(0, 3)).toEqual([file.id, reply.id, parent.id])
    expect(idsOf(await list({ filter: { type: 'FILE' } }))[0]).toBe(file.id)
    expect(await list({ filter: { type: 'FILE' } })).not.toContainEqual(
      expect.objectContaining({ type: 'TEXT' }),
    )
  })

  it('link to their channel', async () => {
    const message = await say(alice, 'Where am I?')
    const { channel: found } = await done(bob.client.retrieveMessageChannel({ message }))
    expect(found).toEqual(
      aChannel({
        type: 'PRIVATE',
        id: channel.id,
        creator: aUser('alice'),
        lastReceivedMessage: expect.objectContaining({ id: message.id }),
      }),
    )
  })

  it('are edited by their author', async () => {
    const message = await say(bob, 'Frist')
    const { message: edited } = await done(bob.client.editMessage({ message, body: 'First' }))
    const fields = { type: 'TEXT', channelId: channel.id, user: aUser('bob'), id: message.id }
    expect(edited).toEqual(aMessage({ ...fields, body: 'First', lastEditedTime: aTime }))
    const properties = { done: true }
    const updated = await done(
      bob.client.updateMessageProperties({ message, properties }) as Promise<UpdateMessagePropertiesResult>,
    )
    expect(updated.message).toEqual(aMessage({ ...fields, body: 'First', properties, lastEditedTime: aTime }))
    const other = await say(alice, 'Mine')
    expect((await refused(bob.client.editMessage({ message: other, body: 'Yours' }))).error).toBe(
      'AccessDeniedError',
    )
    expect(await refused(bob.client.editMessage({ message, body: '' }))).toMatchObject({
      error: 'ValidationError',
      message: expect.stringContaining('body'),
    })
  })

  it('are deleted by their author or a moderator', async () => {
    const mine = await say(bob, 'Mine')
    const other = await say(alice, 'Theirs')
    expect((await refused(bob.client.deleteMessage({ message: other }))).error).toBe('AccessDeniedError')
    const { message } = await done(bob.client.deleteMessage({ message: mine }))
    expect(message).toMatchObject({ id: mine.id })
    const again = await say(bob, 'Mine, too')
    await done(alice.client.deleteMessage({ message: again }))
    await server.main.get(`/messages/${again.id}`).expect(404)
    expect((await refused(bob.client.editMessage({ message: mine, body: 'Not there' }))).error).toBe(
      'ResourceNotFoundError',
    )
  })

  it('are reported', async () => {
    const message = await say(alice, 'Buy now!')
    const { report } = await done(
      bob.client.reportMessage({ message, reason: 'spam', properties: { a_b: 1 } }),
    )
    expect(report).toMatchObject({
      user: aUser('bob'),
      reason: 'spam',
      properties: { a_b: 1 },
      createdTime: aTime,
    })
    const { body } = await server.main.get(`/channels/${channel.id}/reported-messages`).expect(200)
    expect(idsOf(body._embedded.messages)).toContain(message.id)
  })

  it('are not accessible to users outside the channel', async () => {
    const message = await say(alice, 'Secret')
    const denied = [
      carol.client.sendMessage({ channel, body: 'Let me in' }),
      carol.client.listMessages({ channel }),
      carol.client.readMessage({ message }),
      carol.client.editMessage({ message, body: 'Seen' }),
      carol.client.reactToMessage({ message, emoji: '+1' }),
      carol.client.sendMessage({ message, body: 'Let me in' }),
      carol.client.countUnreadMessages({ channel }),
    ]
    for (const result of denied) {
      expect(['ResourceNotFoundError', 'AccessDeniedError']).toContain((await refused(result)).error)
    }
    const elsewhere = await connect(server, await server.createApplication(), 'alice')
    for (const result of [
      elsewhere.client.sendMessage({ channel, body: 'Let me in' }),
      elsewhere.client.listMessages({ channel }),
      elsewhere.client.retrieveMessageChannel({ message }),
      elsewhere.client.editMessage({ message, body: 'Mine' }),
      elsewhere.client.deleteMessage({ message }),
      elsewhere.client.deleteChannel({ channel }),
    ]) {
      expect((await refused(result)).error).toBe('ResourceNotFoundError')
    }
    await disconnect(elsewhere)
    const open = await createChannel(server.main, { name: uniqueName('open') })
    const { channel: seen } = await done(carol.client.retrieveChannel(open.id))
    const outsider = carol.client.sendMessage({ channel: seen, body: 'Not joined' })
    expect((await refused(outsider)).error).toBe('AccessDeniedError')
  })

  it('are each answered separately when many are sent at once, and delivered in the order of the list', async () => {
    const where = await makePrivateChannel()
    const heard = await startChat(bob, where)
    const bodies = Array.from({ length: 40 }, (_, at) => `Message ${at}`)
    const sends = bodies.map((body, at) => say(at % 2 ? alice : bob, body, where))
    expect(await Promise.all(sends)).toMatchObject(bodies.map((body) => ({ body })))
    const delivered = () => heard.onMessageReceived.items.map(([{ id }]) => id)
    await expect.poll(delivered).toHaveLength(40)
    const { body } = await server.main.get(`/channels/${where.id}/messages?size=100`).expect(200)
    expect(delivered()).toEqual(idsOf(body._embedded.messages).reverse())
    heard.session.end()
  })

  it('keep unusual characters as they are, and are refused where they cannot be stored', async () => {
    const body = 'é\u0301 👩‍👩‍👧 \u2028 "\\" <b> \r\n\t: \u0001'
    const properties = { 'a.b': [null, 1.5, { __proto__x: '\\u0041' }], '': 'empty', ü: '\n' }
    const { message } = await done(alice.client.sendMessage({ channel, body, properties }))
    expect(message).toMatchObject({ body, properties })
    const { body: kept } = await server.main.get(`/messages/${message.id}`).expect(200)
    expect(kept).toMatchObject({ body, properties })
    for (const text of ['nul \u0000', 'half \ud800']) {
      const { error } = await refused(alice.client.sendMessage({ channel, body: text }))
      expect(error).toBe('ValidationError')
    }
  })

  it('are refused when empty or too long, and the connection stays open', async () => {
    const [empty, long] = [alice.client.sendMessage({ channel, body: '' }), say(alice, 'x'.repeat(65_537))]
    expect((await refused(empty)).error).toBe('ValidationError')
    await expect(long).rejects.toThrow(/ValidationError/)
    expect(await say(alice, 'x'.repeat(65_536))).toMatchObject({ body: 'x'.repeat(65_536) })
  })
})

describe('events', () => {
  it('are triggered by members', async () => {
    const { channel: triggered } = await done(
      bob.client.triggerEvent({ channel, type: 'wave', properties: { a_b: 1 } }),
    )
    expect(triggered.id).toBe(channel.id)
    const outside = carol.client.triggerEvent({ channel, type: 'wave', properties: {} })
    expect((await refused(outside)).error).toBe('ResourceNotFoundError')
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
