import type { Context } from '#context.ts'
import { clearHistoryRow } from '#data/channels/memberships.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { changeOwnMembership } from '#domain/channels/members/change-own-membership.ts'
import type { SeenChannel } from '#resources/channel.ts'

/** Hides all existing messages of a channel from the member. @throws ChatError 404, AccessDeniedError */
export async function clearHistory(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  await mustBeMember(ctx, caller, id)
  return changeOwnMembership(ctx, caller, id, 'history_cleared', (tx) =>
    clearHistoryRow(tx, id, caller.userId),
  )
}
