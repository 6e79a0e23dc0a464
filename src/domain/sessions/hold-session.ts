// What the process that holds a session's connection keeps of it in the database.
import type { Context } from '#context.ts'
import { type Entrance, findEntrances } from '#data/applications/entrances.ts'
import { membershipsOf } from '#data/channels/memberships.ts'
import { untoldChangesOf } from '#data/events/outbox.ts'
import { detachSessionRow, saveAcknowledged, type TopicPositions } from '#data/users/connections.ts'
import { blockedIdsOf } from '#data/users/user-blocks.ts'
import { Relations } from '#domain/sessions/relations.ts'

export type { TopicPositions }

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

/**
 * The connection is lost; the session may be resumed.
 * @param position through which it had acknowledged all
 * @param topics what it listened to, and how far it had acknowledged each
 */
export function detachSession(
  ctx: Context,
  id: number,
  position: number,
  topics: TopicPositions,
): Promise<void> {
  return detachSessionRow(ctx.db, { id, node: ctx.node.id, position, topics })
}

/** Keeps how far sessions have acknowledged, for the case that this process dies. */
export function keepAcknowledged(ctx: Context, sessions: { id: number; position: number }[]): Promise<void> {
  return saveAcknowledged(ctx.db, ctx.node.id, sessions)
}

/** How these applications let users in; those that are deleted, or are being deleted, are not among them. */
export function entrancesOf(ctx: Context, ids: number[]): Promise<Map<number, Entrance>> {
  return findEntrances(ctx.db, ids)
}
