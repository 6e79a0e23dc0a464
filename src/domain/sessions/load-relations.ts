import type { Context } from '#context.ts'
import { membershipsOf } from '#data/channels/memberships.ts'
import { untoldChangesOf } from '#data/events/outbox.ts'
import { blockedIdsOf } from '#data/users/user-blocks.ts'
import { Relations } from '#domain/sessions/relations.ts'

/**
 * What deciding about a user's topics and events takes, so that no event has to ask the database: as of the event with
 * this position, so that what was told up to there and what is told next go on from it.
 */
export async function loadRelations(
  ctx: Context,
  { applicationId, userId }: { applicationId: number; userId: number },
  toldThrough: number,
): Promise<Relations> {
  const [memberships, blockedIds] = await Promise.all([
    membershipsOf(ctx.db, userId),
    blockedIdsOf(ctx.db, userId),
  ])
  const untold = await untoldChangesOf(ctx.db, { applicationId, userId }, toldThrough)
  const relations = new Relations(userId)
  for (const { channelId, clearedThroughId } of memberships) {
    relations.memberships.set(channelId, clearedThroughId)
  }
  for (const id of blockedIds) relations.blocked.add(id)
  const current = new Set(relations.memberships.keys())
  for (const change of untold.toReversed()) relations.undo(change)
  for (const id of relations.memberships.keys()) if (!current.has(id)) relations.leaving.add(id)
  return relations
}
