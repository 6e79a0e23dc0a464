import { type Presenters, toActor } from '#realtime/publish/delivery.ts'
import { events } from '#resources/events.ts'
import { ThreadShape } from '#resources/thread.ts'

export const threadEvents: Presenters<'thread.created'> = {
  'thread.created': ({ threadId, payload }, { threads }) =>
    toActor(payload.by, events['thread.created'].echo, ThreadShape, threads.get(threadId ?? 0)),
}
