import type { Context } from '#context.ts'
import { membershipsOf } from '#data/channels/memberships.ts'
import { pendingChangesOf } from '#data/events/outbox.ts'
import { blockedIdsOf } from '#data/users/user-blocks.ts'
import { Relations } from '#domain/sessions/relations.ts'

/**
 * What deciding about a user's topics and events takes, so that no event has to ask the database: as of the event with
 * this position, so that what was delivered up to there and what is delivered next go on from it.
 */
export async function loadRelations(
  ctx: Context,
  { applicationId, userId }: { applicationId: number; userId: number },
  deliveredThrough: number,
): Promise<Relations> {
  const [memberships, blockedIds] = await Promise.all([
    membershipsOf(ctx.db, userId),
    blockedIdsOf(ctx.db, userId),
  ])
  const pending = await pendingChangesOf(ctx.db, { applicationId, userId }, deliveredThrough)
  const relations = new Relations(userId)
  for (const { channelId, clearedThroughId } of memberships) {
    relations.memberships.set(channelId, clearedThroughId)
  }
  for (const id of blockedIds) relations.blocked.add(id)
  const current = new Set(relations.memberships.keys())
  for (const change of pending.toReversed()) relations.undo(change)
  for (const id of relations.memberships.keys()) if (!current.has(id)) relations.leaving.add(id)
  return relations
}
