// Chat sessions: who is there, what they type, and events that they trigger.
import { expect } from 'vitest'
import { createChannel, sendMessage } from '../../support/factories.ts'
import { uniqueName } from '../realtime.ts'
import { type Act, aChannelOfBoth, same } from './act.ts'

export const actsOfChats = {
  'sends a message right when it begins to chat': {
    uses: ['sendMessage'],
    play: async (stage) => {
      const channel = await aChannelOfBoth(stage)
      const { session } = stage.ann.client.startChatSession({ channel }) // it does not listen yet
      const { message } = await stage.ann.do('sendMessage', { channel, body: 'at once' })
      expect(message).toMatchObject({ type: 'TEXT', body: 'at once' })
      session.end()
    },
  },
  'shows what it types': {
    uses: ['sendKeystrokes', 'onReceivedKeystrokes|onKeystrokesReceived', 'onTypingStarted'],
    play: async ({ ann, channel, benChat }) => {
      const keys = uniqueName('Hel')
      await ann.do('sendKeystrokes', { channel, keys })
      expect((await benChat.keystrokes.next((each) => each.keys === keys))[0].username).toBe(ann.name)
      await benChat.typing.next(same(ann.user))
      await ann.do('sendMessage', { channel, body: 'Hello' })
      await benChat.typed.next(same(ann.user))
    },
  },
  'hears who types elsewhere': {
    uses: ['sendKeystrokes', 'onParticipantStartedTyping', 'onParticipantStoppedTyping'],
    play: async (stage) => {
      const { ann, ben } = stage
      const channel = await aChannelOfBoth(stage)
      const started = ben.hear('onParticipantStartedTyping')
      const stopped = ben.hear('onParticipantStoppedTyping')
      const chat = await ann.chat(channel)
      await ann.do('sendKeystrokes', { channel, keys: 'Hel' })
      await started.next(same(ann.user))
      await ann.do('sendMessage', { channel, body: 'Hello' })
      await stopped.next(same(ann.user))
      chat.end()
    },
  },
  'hears who comes to chat, and goes': {
    uses: ['onParticipantEnteredChat', 'onParticipantLeftChat'],
    play: async (stage) => {
      const { ann, ben } = stage
      const channel = await aChannelOfBoth(stage)
      const chat = await ann.chat(channel)
      const other = await ben.chat(channel)
      await chat.entered.next(same(ben.user))
      other.end()
      await chat.left.next(same(ben.user))
      chat.end()
    },
  },
  'hears no more of a chat that it ended': {
    uses: ['startChatSession'],
    play: async (stage) => {
      const { application, ben, channel, benChat } = stage
      const there = await createChannel(application, { members: [{ username: ben.name }] })
      const seen = (await ben.do('getChannel|retrieveChannel', there.id)).channel
      const chat = await ben.chat(seen)
      chat.end()
      await ben.settled()
      await sendMessage(application, there.id)
      const last = await sendMessage(application, channel.id)
      await benChat.message.next(same(last))
      expect(chat.message.items).toEqual([])
    },
  },
  'triggers an event, of which others hear': {
    uses: ['triggerEvent', 'onEventTriggered'],
    play: async ({ ann, channel, benChat }) => {
      const type = uniqueName('wave')
      await ann.do('triggerEvent', { channel, type, properties: { high: true } })
      const [event] = await benChat.event.next((each) => each.type === type)
      expect(event).toMatchObject({ properties: { high: true }, user: { id: ann.user.id } })
    },
  },
} as const satisfies Record<string, Act>
