import { z } from 'zod'
import { defineResource, Id, Properties, Timestamp } from '#resources/define.ts'

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
