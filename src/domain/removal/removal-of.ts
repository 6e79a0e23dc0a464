import type { Withdrawn } from '#data/removal/withdrawal.ts'
import type { EventDraft } from '#resources/events.ts'

/** What is told of messages that went together: how many, and where they were. */
export function removalOf(applicationId: number, { channelId, threadId, count }: Withdrawn): EventDraft {
  return {
    type: threadId === null ? 'channel.message.deleted' : 'thread.message.deleted',
    applicationId,
    channelId,
    count: -count,
    ...(threadId !== null && { threadId }),
  }
}
