import { z } from 'zod'
import { defineResource, Id, Properties, Text, Timestamp } from '#resources/define.ts'
import { bodyMax } from '#resources/message.ts'
import { UserReference } from '#resources/user.ts'

const ThreadShape = z.object({
  id: Id,
  type: z.enum(['MAIN', 'STANDALONE', 'MESSAGE']),
  name: z.string().optional(),
  properties: Properties,
  createdTime: Timestamp,
})
/** The channel's id is for its link. */
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

/** The draft so far, whole. */
const KeystrokesShape = z.object({ keys: z.string(), username: z.string() })
export type Keystrokes = z.output<typeof KeystrokesShape>

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
