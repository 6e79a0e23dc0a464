import type { Retired } from '#data/users/retirement.ts'
import { endedEvents } from '#domain/sessions/ended-events.ts'
import type { Cause, EventDraft } from '#resources/events.ts'

/** Returns the events for a deleted user, who thereby went offline and left their channels. */
export function departureOf(
  applicationId: number,
  userId: number,
  { memberships, ...ended }: Retired,
  cause: Partial<Cause>,
): EventDraft[] {
  const payload = { userId, ...cause }
  return [
    ...endedEvents(ended, () => applicationId),
    { type: 'user.deleted', applicationId, count: -1, payload },
    ...memberships.map(({ channelId, moderator }) => ({
      type: 'channel.member.left' as const,
      applicationId,
      channelId,
      count: -1,
      payload: { ...payload, moderator },
    })),
  ]
}
