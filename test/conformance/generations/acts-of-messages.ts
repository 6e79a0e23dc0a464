// Messages in the channel that both have entered.
import type { ReadReceipt } from '@chatkitty/core'
import { expect } from 'vitest'
import { sendMessage } from '../../support/factories.ts'
import { uniqueName } from '../realtime.ts'
import { type Act, aChannelOfBoth, once, same, say, sayToBen } from './act.ts'

const list = 'getMessages|listMessages'

export const actsOfMessages = {
  'sends a text': {
    uses: ['sendMessage'],
    play: async (stage) => {
      const body = uniqueName('Hello')
      const message = await say(stage, body)
      expect(message).toMatchObject({ type: 'TEXT', body, user: { id: stage.ann.user.id } })
    },
  },
  'receives what it and others send, once': {
    uses: ['sendMessage', 'onReceivedMessage|onMessageReceived'],
    play: async (stage) => {
      const { application, ben, channel, annChat, benChat } = stage
      const { id } = await say(stage, 'Hi')
      const other = await sendMessage(application, channel.id, { user: { username: ben.name } })
      for (const chat of [annChat, benChat]) {
        await chat.message.next(same({ id }))
        await chat.message.next(same(other))
        once(chat.message.items, same({ id }))
        once(chat.message.items, same(other))
      }
    },
  },
  'sends what an application adds': {
    uses: ['sendMessage', 'properties: ?\\w+\\.properties'],
    play: async ({ ann, channel, benChat }) => {
      const properties = { a_b: [1, { c: 'ü' }] }
      const { message } = await ann.do('sendMessage', { channel, body: 'With', properties })
      expect(message.properties).toEqual(properties)
      const [seen] = await benChat.message.next(same(message))
      expect(seen.properties).toEqual(properties)
    },
  },
  'sends a file, which others read': {
    uses: ['sendMessage'],
    play: async ({ ann, channel, benChat }) => {
      const file = new File(['text of a file'], 'ä b.txt', { type: 'text/plain' })
      const { message } = await ann.do('sendMessage', { channel, file })
      expect(message).toMatchObject({ type: 'FILE', file: { name: 'ä b.txt', size: 14 } })
      const [seen] = await benChat.message.next(same(message))
      const answer = await fetch(seen.file.url)
      expect([answer.status, await answer.text()]).toEqual([200, 'text of a file'])
    },
  },
  'sends a file that is elsewhere': {
    uses: ['sendMessage', 'isCreateChatKittyExternalFileProperties'],
    play: async ({ ann, channel, benChat }) => {
      const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 7 }
      const { message } = await ann.do('sendMessage', { channel, file })
      expect(message).toMatchObject({ type: 'FILE', file: { name: 'a.png' } })
      await benChat.message.next(same(message))
    },
  },
  'lists messages, by page': {
    uses: [list],
    play: async (stage) => {
      const { application, ann } = stage
      const channel = await aChannelOfBoth(stage)
      const chat = await ann.chat(channel)
      const sent = await Promise.all(
        Array.from({ length: 26 }, (_, nth) => sendMessage(application, channel.id, { body: `${nth}` })),
      )
      const { paginator } = await ann.do(list, { channel })
      expect(paginator.items).toHaveLength(25)
      expect(paginator.hasNextPage).toBe(true)
      const next = await paginator.nextPage()
      const ids = [...paginator.items, ...next.items].map(({ id }) => id)
      expect(ids).toEqual(sent.map(({ id }) => id).sort((a, b) => b - a))
      chat.end()
    },
  },
  'edits a message, of which others hear once': {
    uses: ['editMessage', 'onMessageUpdated'],
    play: async (stage) => {
      const { id } = await say(stage, 'Frist')
      const [message] = await stage.annChat.message.next(same({ id }))
      const edited = await stage.ann.do('editMessage', { message, body: 'First' })
      expect(edited.message).toMatchObject({ id, body: 'First' })
      const isIt = (seen: { id: number; body: string }) => seen.id === id && seen.body === 'First'
      await stage.benChat.updated.next(isIt)
      await stage.ann.settled()
      once(stage.benChat.updated.items, isIt)
    },
  },
  'hears that a message was edited, once': {
    uses: ['onMessageUpdated'],
    play: async (stage) => {
      const { id } = await say(stage, 'Frist')
      await stage.application.patch(`/messages/${id}`, { body: 'First' }).expect(200)
      const isIt = (seen: { id: number; body: string }) => seen.id === id && seen.body === 'First'
      for (const { updated } of [stage.annChat, stage.benChat]) {
        await updated.next(isIt)
        once(updated.items, isIt)
      }
    },
  },
  'changes what an application added': {
    uses: ['updateMessageProperties'],
    play: async (stage) => {
      const message = await say(stage, 'With')
      const properties = { a: 1 }
      const result = await stage.ann.do('updateMessageProperties', { message, properties })
      expect(result.message).toMatchObject({ id: message.id, properties })
    },
  },
  'deletes a message': {
    uses: ['deleteMessage'],
    play: async (stage) => {
      const message = await say(stage, 'Oh')
      expect((await stage.ann.do('deleteMessage', { message })).message.id).toBe(message.id)
      await stage.application.get(`/messages/${message.id}`).expect(404)
    },
  },
  'hears that a message was deleted': {
    uses: ['onMessageDeleted'],
    play: async (stage) => {
      const { id } = await say(stage, 'Oh')
      await stage.application.delete(`/messages/${id}`).expect(200)
      await stage.benChat.deleted.next(same({ id }))
    },
  },
  'deletes a message for itself': {
    uses: ['deleteMessageForMe'],
    play: async (stage) => {
      const { ann, ben, channel } = stage
      const message = await sayToBen(stage, 'Once')
      expect((await ben.do('deleteMessageForMe', { message })).message.id).toBe(message.id)
      const listed = async (who: typeof ann) => (await who.do(list, { channel })).paginator.items
      expect((await listed(ben)).some(same(message))).toBe(false)
      expect((await listed(ann)).some(same(message))).toBe(true)
    },
  },
  'replies to a message, which others receive with it': {
    uses: ['getMessageParent|retrieveMessageParent', 'getMessageRepliesCount|countMessageReplies'],
    play: async (stage) => {
      const { ann, ben, annChat } = stage
      const message = await sayToBen(stage, 'Well?')
      const { message: reply } = await ben.do('sendMessage', { message, body: 'Well!' })
      const [, parent] = await annChat.message.next(same(reply))
      expect(parent?.id).toBe(message.id)
      once(annChat.message.items, same(reply))
      const result = await ann.do('getMessageParent|retrieveMessageParent', { message: reply })
      expect(result.message.id).toBe(message.id)
      const { paginator } = await ann.do(list, { message })
      expect(paginator.items.map(({ id }) => id)).toEqual([reply.id])
      const { count } = await ann.do('getMessageRepliesCount|countMessageReplies', { message })
      expect(count).toBe(1)
    },
  },
  'replies to a message': {
    uses: ['getMessageRepliesCount|countMessageReplies'],
    play: async (stage) => {
      const message = await sayToBen(stage, 'Well?')
      const { message: reply } = await stage.ben.do('sendMessage', { message, body: 'Well!' })
      expect(reply).toMatchObject({ body: 'Well!', nestedLevel: 1 })
      await stage.annChat.message.next(same(reply))
    },
  },
  'reacts to a message, and takes it back': {
    uses: ['reactToMessage', 'getReactions|listReactions', 'removeReaction', 'onMessageReactionAdded'],
    play: async (stage) => {
      const { ann, ben, annChat } = stage
      const message = await sayToBen(stage, 'Fine?')
      const { reaction } = await ben.do('reactToMessage', { message, emoji: ':thumbsup:' })
      expect(reaction).toMatchObject({ emoji: { character: '👍' }, user: { id: ben.user.id } })
      const [, seen] = await annChat.reacted.next(same(message))
      expect(seen.emoji.character).toBe('👍')
      const { paginator } = await ann.do('getReactions|listReactions', { message })
      expect(paginator.items).toHaveLength(1)
      await ben.do('removeReaction', { message, emoji: ':thumbsup:' })
      await annChat.unreacted.next(same(message))
    },
  },
  'reads a message': {
    uses: ['readMessage'],
    play: async (stage) => {
      const message = await sayToBen(stage, 'Read this')
      await stage.ben.do('readMessage', { message })
      await stage.ben.settled()
      const { body } = await stage.application.get(`/messages/${message.id}/read-receipts`).expect(200)
      expect(body._embedded.receipts.map(({ user }: ReadReceipt) => user.id)).toEqual([stage.ben.user.id])
    },
  },
  'hears who read a message, and lists them': {
    uses: ['readMessage', 'onMessageRead', 'getReadReceipts|listReadReceipts'],
    play: async (stage) => {
      const { ann, ben, annChat } = stage
      const message = await sayToBen(stage, 'Read this')
      await ben.do('readMessage', { message })
      const [seen] = await annChat.read.next(({ id }) => id === message.id)
      expect(seen.id).toBe(message.id)
      const { paginator } = await ann.do('getReadReceipts|listReadReceipts', { message })
      expect(paginator.items.map(({ user }) => user.id)).toEqual([ben.user.id])
    },
  },
  'takes back that it read a message': {
    uses: ['unreadMessage', 'onMessageUnread'],
    play: async (stage) => {
      const message = await sayToBen(stage, 'Read this')
      await stage.ben.do('readMessage', { message })
      await stage.ben.do('unreadMessage', { message })
      await stage.annChat.unread.next(({ id }) => id === message.id)
    },
  },
  'reads all of a channel': {
    uses: ['readChannel', 'getChannelUnread|checkChannelUnread'],
    play: async (stage) => {
      const { application, ann } = stage
      const channel = await aChannelOfBoth(stage)
      await sendMessage(application, channel.id)
      const isUnread = async () => {
        const result = await ann.do('getChannelUnread|checkChannelUnread', { channel })
        const isOfResults = (name: string) => ['failed', 'succeeded', 'cancelled'].includes(name)
        return Object.entries(result).find(([name]) => !isOfResults(name))?.[1]
      }
      expect(await isUnread()).toBe(true)
      await ann.do('readChannel', { channel })
      await ann.settled()
      expect(await isUnread()).toBe(false)
    },
  },
  'knows what was read last': {
    uses: ['getLastReadMessage|retrieveLastReadMessage'],
    play: async (stage) => {
      const { application, ann, ben } = stage
      const channel = await aChannelOfBoth(stage)
      const last = () => ann.do('getLastReadMessage|retrieveLastReadMessage', { channel, username: ben.name })
      expect((await last()).message ?? null).toBeNull()
      const sent = await sendMessage(application, channel.id)
      const { message } = { message: (await ben.do(list, { channel })).paginator.items[0] }
      await ben.do('readMessage', { message })
      await ben.settled()
      expect((await last()).message?.id).toBe(sent.id)
    },
  },
  'opens a thread, and writes there': {
    uses: ['createThread', 'getThreads|listThreads', 'readThread'],
    play: async ({ ann, channel }) => {
      const name = uniqueName('thread')
      const { thread } = await ann.do('createThread', { channel, name })
      expect(thread).toMatchObject({ type: 'STANDALONE', name })
      const { message } = await ann.do('sendMessage', { thread, body: 'In there' })
      expect(message).toMatchObject({ body: 'In there' })
      await ann.do('readThread', { thread })
      const { paginator } = await ann.do('getThreads|listThreads', { channel, filter: { standalone: true } })
      expect(paginator.items.some(same(thread))).toBe(true)
    },
  },
  'finds the channel of a message': {
    uses: ['getMessageChannel|retrieveMessageChannel'],
    play: async (stage) => {
      const message = await say(stage, 'Where am I?')
      const { channel } = await stage.ann.do('getMessageChannel|retrieveMessageChannel', { message })
      expect(channel).toMatchObject({ id: stage.channel.id, name: stage.channel.name })
    },
  },
  'finds the channel and the message of a thread': {
    uses: ['getThreadChannel', 'getThreadMessage'],
    play: async (stage) => {
      const { ann } = stage
      const channel = await aChannelOfBoth(stage)
      const chat = await ann.chat(channel)
      const { message } = await ann.do('sendMessage', { channel, body: 'Well?' })
      await ann.do('sendMessage', { message, body: 'Well!' })
      const { paginator } = await ann.do('getThreads|listThreads', { channel })
      const thread = paginator.items.find(({ type }) => type === 'MESSAGE')
      expect(await ann.do('getThreadChannel', { thread })).toMatchObject({ channel: { id: channel.id } })
      expect(await ann.do('getThreadMessage', { thread })).toMatchObject({ message: { id: message.id } })
      chat.end()
    },
  },
} as const satisfies Record<string, Act>
