import type { Ended } from '#data/users/departures.ts'
import type { EventDraft } from '#resources/events.ts'

/** Returns the events for users whose sessions have ended: the channels they are no longer in, and who is offline. */
export function endedEvents(
  { left, offline }: Ended,
  applicationOf: (userId: number) => number,
): EventDraft[] {
  return [
    ...left.map(({ userId, channelId }) => ({
      type: 'channel.participant.inactive' as const,
      applicationId: applicationOf(userId),
      channelId,
      payload: { userId },
    })),
    ...offline.map((userId) => ({
      type: 'user.presence.changed' as const,
      applicationId: applicationOf(userId),
      payload: { userId, online: false },
    })),
  ]
}
