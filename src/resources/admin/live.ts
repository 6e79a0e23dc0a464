// What the live feed shows of an application.
import type { z } from 'zod'
import type { EventType } from '#resources/events.ts'
import type { FunctionInvocation } from '#resources/function.ts'
import type { AnyJob } from '#resources/job.ts'
import type { Message } from '#resources/message.ts'
import type { userSessionResource } from '#resources/session.ts'
import type { Delivery } from '#resources/webhook.ts'

/** Payloads by the name of the server-sent event. */
export interface LiveData {
  message: Message
  'message.deleted': { id: number; channelId: number }
  session: z.output<typeof userSessionResource.shape>
  job: AnyJob
  webhook: Delivery & { webhook: { id: number; url: string } }
  function: FunctionInvocation & { function: { id: number; name: string; type: string } }
}

/** An event of the feed; `position` is its offset in the order of all events. */
export type LiveEvent = {
  [N in keyof LiveData]: { position: number; name: N; data: LiveData[N] }
}[keyof LiveData]

/** The committed events that are shown, with the names they are shown under. */
export const liveNames = {
  'channel.message.created': 'message',
  'thread.message.created': 'message',
  'channel.message.updated': 'message',
  'channel.message.deleted': 'message.deleted',
  'thread.message.deleted': 'message.deleted',
  'user.session.started': 'session',
  'job.changed': 'job',
  'function.invoked': 'function',
  'webhook.attempted': 'webhook',
} as const satisfies { [T in EventType]?: keyof LiveData }
