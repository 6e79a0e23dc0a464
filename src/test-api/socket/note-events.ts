// Records committed events in the journal of their world, before they are published (testing contract 5).
import type { Context } from '#context.ts'
import { namesOfUsers } from '#domain/users/names-of-users.ts'
import type { CommittedEvent } from '#resources/events.ts'
import { redact } from '#test-api/journal/redact.ts'
import type { TestApi } from '#test-api/state.ts'

/** Records events, each with the user who caused it or, if a backend did, the user it concerns. */
export async function noteEvents(ctx: Context, testApi: TestApi, events: CommittedEvent[]): Promise<void> {
  const ofWorlds = events.filter(({ applicationId }) => testApi.isWorld(applicationId))
  if (ofWorlds.length === 0) return
  const names = await namesOfUsers(
    ctx,
    ofWorlds.flatMap(({ payload }) => actorOf(payload) ?? []),
  )
  const at = ctx.clock.now()
  for (const { type, applicationId, channelId, threadId, payload } of ofWorlds) {
    const { session: _, receipt, by, traceparent, ...rest } = payload
    testApi.note(applicationId, at, {
      kind: 'event',
      type,
      username: names.get(actorOf(payload) ?? 0),
      channelId: channelId ?? undefined,
      threadId: threadId ?? undefined,
      payload: redact(rest),
    })
  }
}

function actorOf({ by, userId }: CommittedEvent['payload']): number | undefined {
  return by ?? userId ?? undefined
}
