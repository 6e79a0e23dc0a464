// Replies, threads and reactions through the official real-time client.
import type { Channel, ListChannelThreadsFilter, Message, Thread } from '@chatkitty/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../../support/server.ts'
import {
  connectNew,
  type Device,
  disconnect,
  done,
  makeChannel,
  refused,
  startChat,
  startChatWith,
} from '../realtime.ts'
import { mustBeCoveredHere } from '../realtime-coverage.ts'
import { aChannel, aMessage, aThread, aUser, keystrokes, ofAMessage } from '../realtime-resources.ts'

const withBob = { members: [{ username: 'bob' }] }

let server: TestServer
let alice: Device
let bob: Device
let channel: Channel
beforeAll(async () => {
  server = await shareServer()
  ;[alice, bob] = await connectNew(server, 'alice', 'bob')
  channel = await makeChannel(alice, withBob)
})
afterAll(async () => {
  await disconnect(alice, bob)
  await server.close()
})

type Where = { channel: Channel } | { message: Message } | { thread: Thread }

async function say({ client }: Device, where: Where, body: string): Promise<Message> {
  return (await done(client.sendMessage({ ...where, body }))).message
}

const idsOf = (items: { id: number | string }[]) => items.map(({ id }) => id)

describe('replies', () => {
  it('link to their parent, which counts them, at any depth', async () => {
    const parent = await say(alice, { channel }, 'Parent')
    const reply = await say(bob, { message: parent }, 'Reply')
    const fields = { type: 'TEXT', channelId: channel.id, user: aUser('bob'), body: 'Reply' }
    expect(reply).toEqual(aMessage({ ...fields, nestedLevel: 1 }))
    const deeper = await say(alice, { message: reply }, 'Deeper')
    expect(deeper.nestedLevel).toBe(2)

    const { message: found } = await done(alice.client.retrieveMessageParent({ message: reply }))
    expect(found).toEqual(
      aMessage({
        type: 'TEXT',
        channelId: channel.id,
        id: parent.id,
        user: aUser('alice'),
        body: 'Parent',
        repliesCount: 1,
      }),
    )
    expect((await done(alice.client.countMessageReplies({ message: parent }))).count).toBe(1)
    const { paginator } = await done(alice.client.listMessages({ message: parent }))
    expect(idsOf(paginator.items)).toEqual([reply.id])
    await expect(alice.client.retrieveMessageParent({ message: parent })).rejects.toMatchObject({
      error: 'MessageNotAReplyError',
    })
  })

  it('are counted on their parent in chat sessions, also when users, moderators or backends delete them', async () => {
    const { channel: where, delivered } = await startChatWith(alice, bob)
    const parent = await say(alice, { channel: where }, 'Parent')
    const countsTo = (count: number) =>
      delivered.onMessageUpdated.next(({ id, repliesCount }) => id === parent.id && repliesCount === count)
    const replies: Message[] = []
    for (const body of ['One', 'Two', 'Three']) replies.push(await say(bob, { message: parent }, body))
    await countsTo(3)
    delivered.onMessageUpdated.items.length = 0
    const [one, two, three] = replies as [Message, Message, Message]
    await done(bob.client.deleteMessage({ message: one }))
    await countsTo(2)
    await done(alice.client.deleteMessage({ message: two }))
    await countsTo(1)
    await server.main.delete(`/messages/${three.id}`).expect(200)
    await countsTo(0)
  })

  it('may be files, hosted elsewhere or uploaded', async () => {
    const parent = await say(alice, { channel }, 'Send me files')
    const external = { url: 'https://example.com/a', name: 'a', contentType: 'text/plain', size: 1 }
    const { message: linked } = await done(bob.client.sendMessage({ message: parent, file: external }))
    const file = new File(['Hi'], 'hi.txt', { type: 'text/plain' })
    const { message: uploaded } = await done(bob.client.sendMessage({ message: parent, file }))
    expect(uploaded).toMatchObject({ type: 'FILE', nestedLevel: 1, file: { type: 'HOSTED', size: 2 } })
    const { paginator } = await done(alice.client.listMessages({ message: parent }))
    expect(idsOf(paginator.items)).toEqual([uploaded.id, linked.id])
  })

  it('stay readable when their parent is deleted', async () => {
    const parent = await say(alice, { channel }, 'Gone soon')
    const reply = await say(bob, { message: parent }, 'Wait')
    await done(alice.client.deleteMessage({ message: parent }))
    const { message } = await done(alice.client.retrieveMessageParent({ message: reply }))
    expect(message).toMatchObject({ id: parent.id })
    expect(JSON.stringify(message)).not.toContain('Gone soon')
  })
})

describe('threads', () => {
  it('are created by members, listed, and link to their channel', async () => {
    const where = await makeChannel(alice, withBob)
    const { thread } = await done(
      bob.client.createThread({ channel: where, name: 'Plans', properties: { a_b: 1 } }),
    )
    const fields = { type: 'STANDALONE', name: 'Plans', properties: { a_b: 1 } }
    expect(thread).toEqual(aThread(fields))
    const parent = await say(alice, { channel: where }, 'Parent')
    await say(bob, { message: parent }, 'Reply')

    const list = async (filter?: ListChannelThreadsFilter) =>
      (await done(alice.client.listThreads({ channel: where, ...(filter && { filter }) }))).paginator.items
    const typesOf = (items: { type: string }[]) => items.map(({ type }) => type).sort()
    expect(typesOf(await list())).toEqual(['MAIN', 'MESSAGE', 'STANDALONE'])
    expect(typesOf(await list({ includeMainThread: false }))).toEqual(['MESSAGE', 'STANDALONE'])
    expect(await list({ standalone: true, includeMainThread: false })).toEqual([thread])

    const { channel: found } = await done(alice.client.listThreadChannel({ thread }))
    expect(found).toMatchObject({ id: where.id, _actions: aChannel({ type: 'PUBLIC' })._actions })
    const ofMessage = (await list()).find(({ type }) => type === 'MESSAGE')
    const { message: root } = await done(alice.client.listThreadMessage({ thread: ofMessage as Thread }))
    expect(root).toMatchObject({ id: parent.id, body: 'Parent' })
    expect((await refused(alice.client.listThreadMessage({ thread }))).error).toBe('ResourceNotFoundError')
    expect(await refused(alice.client.createThread({ channel: where, name: '' }))).toMatchObject({
      error: 'ValidationError',
      message: expect.stringContaining('name'),
    })
  })

  it('have their own messages and unread counts', async () => {
    const where = await makeChannel(alice, withBob)
    const { thread } = await done(alice.client.createThread({ channel: where, name: 'Plans' }))
    const message = await say(alice, { thread }, 'In the thread')
    expect(message).toMatchObject({ type: 'TEXT', channelId: where.id, body: 'In the thread' })
    await say(alice, { channel: where }, 'Beside it')
    const unread = async () => (await done(bob.client.countUnreadMessages({ channel: where }))).count
    expect(await unread()).toBe(2)
    const { thread: read } = await done(bob.client.readThread({ thread }))
    expect(read).toEqual(thread)
    expect(await unread()).toBe(1)
    const external = { url: 'https://example.com/a', name: 'a', contentType: 'text/plain', size: 1 }
    await done(alice.client.sendMessage({ thread, file: external }))
    const file = new File(['Hi'], 'hi.txt', { type: 'text/plain' })
    expect((await done(alice.client.sendMessage({ thread, file }))).message).toMatchObject({ type: 'FILE' })
    const { body } = await server.main.get(`/threads/${thread.id}/messages`).expect(200)
    expect(body._embedded.messages).toHaveLength(3)
  })

  it('are not delivered to a chat session of the main thread', async () => {
    const where = await makeChannel(alice, withBob)
    const { paginator } = await done(bob.client.listThreads({ channel: where }))
    const main = paginator.items.find(({ type }) => type === 'MAIN') as Thread
    expect(main).toEqual(aThread({ type: 'MAIN' }))
    const { thread: other } = await done(alice.client.createThread({ channel: where, name: 'Other' }))
    const heard = await startChat(bob, where)
    heard.session.setThread(main)

    const elsewhere = await say(alice, { thread: other }, 'Elsewhere')
    const message = await say(alice, { channel: where }, 'Here')
    const [thread, delivered] = await heard.onThreadMessageReceived.next()
    expect(thread).toBe(main)
    expect(delivered).toEqual(
      aMessage({ type: 'TEXT', id: message.id, channelId: where.id, body: 'Here', user: aUser('alice') }),
    )
    await heard.onMessageReceived.next(({ id }) => id === elsewhere.id)
    expect(heard.onThreadMessageReceived.items).toHaveLength(1)

    alice.client.sendKeystrokes({ thread: main, keys: 'Hel' })
    const [, typed] = await heard.onThreadKeystrokesReceived.next()
    expect(typed).toEqual(keystrokes({ username: 'alice', keys: 'Hel' }))
    const [, started] = await heard.onThreadTypingStarted.next()
    expect(started).toEqual(aUser('alice'))
    alice.client.sendKeystrokes({ thread: main, keys: '' })
    const [, stopped] = await heard.onThreadTypingStopped.next()
    expect(stopped).toEqual(aUser('alice'))
    heard.session.end()
  })
})

describe('reactions', () => {
  const thumb = { character: '👍', description: expect.any(String), aliases: ['+1', 'thumbsup'] }

  it('are added by character or alias, once per user, and summed up in the message', async () => {
    const message = await say(alice, { channel }, 'Like me')
    for (const emoji of ['👍', '+1', ':thumbsup:']) {
      const { reaction } = await done(bob.client.reactToMessage({ message, emoji }))
      expect(reaction).toEqual(
        ofAMessage({ user: aUser('bob'), emoji: { ...thumb, tags: expect.any(Array) } }),
      )
    }
    await done(alice.client.reactToMessage({ message, emoji: 'tada' }))
    const { paginator } = await done(alice.client.listReactions({ message }))
    expect(paginator.items.map(({ user, emoji }) => [user.name, emoji.character])).toEqual([
      ['bob', '👍'],
      ['alice', '🎉'],
    ])
    const { paginator: messages } = await done(alice.client.listMessages({ channel }))
    const [seen] = messages.items
    expect(seen?.reactions).toMatchObject([
      { emoji: thumb, count: 1, users: [aUser('bob')] },
      { emoji: { character: '🎉' }, count: 1, users: [aUser('alice')] },
    ])
  })

  it('are removed', async () => {
    const message = await say(alice, { channel }, 'Like me')
    await done(bob.client.reactToMessage({ message, emoji: '👍' }))
    const { reaction } = await done(bob.client.removeReaction({ message, emoji: ':+1:' }))
    expect(reaction).toMatchObject({ user: { name: 'bob' }, emoji: { character: '👍' } })
    const { paginator } = await done(alice.client.listReactions({ message }))
    expect(paginator.items).toEqual([])
  })

  it('are refused where they are no emoji', async () => {
    const message = await say(alice, { channel }, 'Like me')
    const { error } = await refused(bob.client.reactToMessage({ message, emoji: 'no such thing' }))
    expect(error).toBe('ValidationError')
  })
})

it('does what COVERAGE.md says it does', mustBeCoveredHere)
