import type { Context } from '#context.ts'
import { compactSpans, type MemberPlace, membersWithManySpans } from '#data/messages/reading.ts'

export type { MemberPlace }

/**
 * Compacts the read spans of members who have many, in one batch of all members; what clients see stays the same.
 * @returns where the next batch continues; undefined to start over
 */
export async function sweepReadSpans(ctx: Context, after?: MemberPlace): Promise<MemberPlace | undefined> {
  const { members, next } = await membersWithManySpans(ctx.db, after)
  for (const { channelId, userId } of members) await compactSpans(ctx.db, channelId, userId)
  return next
}
