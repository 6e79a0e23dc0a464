import { z } from 'zod'
import { address, defineHypermedia } from '#resources/address.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { defineResource, Id, Properties, RequiredText, Text, Timestamp } from '#resources/define.ts'
import { bodyMax } from '#resources/message.ts'
import { nameMax, UserReference } from '#resources/user.ts'

export const ThreadShape = z.object({
  id: Id,
  type: z.enum(['MAIN', 'STANDALONE', 'MESSAGE']),
  name: z.string().optional(),
  properties: Properties,
  createdTime: Timestamp,
})
/** The channel's id is needed for its link. */
export type Thread = z.output<typeof ThreadShape> & { channelId: number }

export const threadResource = defineResource<typeof ThreadShape, Thread>({
  name: 'thread',
  collection: 'threads',
  component: 'ReplyThreadResource',
  shape: ThreadShape,
  links: {
    self: (thread) => `/threads/${thread.id}`,
    channel: (thread) => `/channels/${thread.channelId}`,
    application: () => '',
  },
})

/** The complete draft so far. */
export const KeystrokesShape = z.object({ keys: z.string(), username: z.string() })
/** The ids of the thread and the typing user are needed for the relays. */
export type Keystrokes = z.output<typeof KeystrokesShape> & { threadId?: number; userId?: number }

export const SendKeystrokes = z
  .object({ keys: Text(bodyMax), user: UserReference })
  .meta({ id: 'CreateDelegatedReplyThreadKeystrokesResource' })
export type SendKeystrokes = z.output<typeof SendKeystrokes>

export const keystrokesResource = defineResource({
  name: 'keystrokes',
  collection: 'keystrokes',
  component: 'ReplyThreadKeystrokesResource',
  shape: KeystrokesShape,
  links: { application: () => '' },
})

// ---------------------------------------------------------------------------------------- in real time

export const CreateThread = z.object({ name: RequiredText(nameMax), properties: Properties.optional() })
export type CreateThread = z.output<typeof CreateThread>

const { messages, keystrokes, typing } = channelHypermedia.topics

export const threadHypermedia = defineHypermedia<Thread>()(ThreadShape, {
  params: ({ id }) => ({ id }),
  relays: {
    self: address('/application/threads/{id}.relay'),
    channel: address('/application/threads/{id}.channel.relay'),
    message: address('/application/threads/{id}.message.relay'),
  },
  topics: {
    self: address('/topic/threads/{id}.self'),
    messages: address('/topic/threads/{id}.messages'),
    keystrokes: address('/topic/threads/{id}.keystrokes'),
    typing: address('/topic/threads/{id}.typing'),
  },
  actions: {
    message: address('/application/threads/{id}.message'),
    keystrokes: address('/application/threads/{id}.keystrokes'),
    read: address('/application/threads/{id}.read'),
  },
  streams: { messages: address('/v1/runtime/threads/{id}/messages') },
  // No official JavaScript client subscribes to a thread's topics; they use the channel's (contract 4.3).
  aliases: ({ type, channelId }) => {
    if (type !== 'MAIN') return {}
    const at = { id: channelId }
    return { messages: messages.at(at), keystrokes: keystrokes.at(at), typing: typing.at(at) }
  },
})

export const keystrokesHypermedia = defineHypermedia<Keystrokes>()(KeystrokesShape, {
  params: ({ threadId, userId }) => ({ threadId: threadId ?? 0, userId: userId ?? 0 }),
  relays: {
    thread: address('/application/threads/{threadId}.relay'),
    user: address('/application/users/{userId}.relay'),
  },
})
