import type { Context } from '#context.ts'
import type { Realtime } from '#realtime/realtime.ts'
import type { CommittedEvent } from '#resources/events.ts'
import { noteEvents } from '#test-api/socket/note-events.ts'
import { ObservedFrames } from '#test-api/socket/observed-frames.ts'
import type { TestApi } from '#test-api/state.ts'

/** Wraps the real-time API for tests: the handler of its frames, and the publication of events. */
export function observe(ctx: Context, testApi: TestApi, realtime: Realtime) {
  testApi.whenNoted = (applicationId) => realtime.broadcaster.whenDelivered({ applicationId })
  return {
    handler: new ObservedFrames(ctx, testApi, realtime),
    async publish(events: CommittedEvent[]) {
      await noteEvents(ctx, testApi, events).catch((error) =>
        ctx.log.warn({ err: error }, 'events are missing from a journal'),
      )
      await realtime.broadcaster.publish(events)
    },
  }
}
