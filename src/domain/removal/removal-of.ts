import type { Withdrawn } from '#data/removal/withdrawal.ts'
import type { EventDraft } from '#resources/events.ts'

/** Returns the event for messages removed together: how many, and from where. */
export function removalOf(applicationId: number, { channelId, threadId, count }: Withdrawn): EventDraft {
  return {
    type: threadId === null ? 'channel.message.deleted' : 'thread.message.deleted',
    applicationId,
    channelId,
    count: -count,
    ...(threadId !== null && { threadId }),
  }
}
