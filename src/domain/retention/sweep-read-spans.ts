import type { Context } from '#context.ts'
import { compactSpans, type MemberPlace, membersWithManySpans } from '#data/messages/reading.ts'

export type { MemberPlace }

/**
 * Compacts what members have read, as far as one batch of all members has much of it; what is told of it stays as it is.
 * @returns from where the next batch goes on; undefined to begin anew
 */
export async function sweepReadSpans(ctx: Context, after?: MemberPlace): Promise<MemberPlace | undefined> {
  const { members, next } = await membersWithManySpans(ctx.db, after)
  for (const { channelId, userId } of members) await compactSpans(ctx.db, channelId, userId)
  return next
}
