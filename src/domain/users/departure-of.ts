import type { Cause, EventDraft } from '#resources/events.ts'

/** Returns the events for a deleted user, who thereby left these channels. */
export function departureOf(
  applicationId: number,
  userId: number,
  left: number[],
  cause: Partial<Cause>,
): EventDraft[] {
  const payload = { userId, ...cause }
  return [
    { type: 'user.deleted', applicationId, count: -1, payload },
    ...left.map((channelId) => ({
      type: 'channel.member.left' as const,
      applicationId,
      channelId,
      count: -1,
      payload,
    })),
  ]
}
