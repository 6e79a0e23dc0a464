import { membershipsOf } from '#data/channels/memberships.ts'
import type { Db } from '#data/database.ts'
import { pendingChangesOf } from '#data/events/outbox.ts'
import { blockedIdsOf } from '#data/users/user-blocks.ts'
import { Relations } from '#domain/sessions/relations.ts'

/** A user, and the event as of which to load their relations. */
export interface RelationsOf {
  applicationId: number
  userId: number
  /** The position of the event. */
  deliveredThrough: number
}

/**
 * Loads what decides about users' topics and events, so that no event needs a query. The relations are as of the event
 * at the given position, up to which events were delivered; later events are then applied to them. Returns one for each
 * request, in order.
 */
export async function loadRelations(db: Db, wanted: RelationsOf[]): Promise<Relations[]> {
  const userIds = [...new Set(wanted.map(({ userId }) => userId))]
  const [memberships, blocks] = await Promise.all([membershipsOf(db, userIds), blockedIdsOf(db, userIds)])
  const pending = await pendingChangesOf(db, {
    applicationIds: [...new Set(wanted.map(({ applicationId }) => applicationId))],
    userIds,
    deliveredThrough: Math.min(...wanted.map(({ deliveredThrough }) => deliveredThrough)),
  })
  const membershipsByUser = Map.groupBy(memberships, ({ userId }) => userId)
  const blocksByUser = Map.groupBy(blocks, ({ blockerId }) => blockerId)
  return wanted.map(({ applicationId, userId, deliveredThrough }) => {
    const relations = new Relations(userId)
    for (const { channelId, clearedThroughId } of membershipsByUser.get(userId) ?? []) {
      relations.memberships.set(channelId, clearedThroughId)
    }
    for (const { blockedId } of blocksByUser.get(userId) ?? []) relations.blocked.add(blockedId)
    const current = new Set(relations.memberships.keys())
    for (const change of pending.toReversed()) {
      const isAhead = change.position === null || change.position > deliveredThrough
      if (change.applicationId === applicationId && isAhead) relations.undo(change)
    }
    for (const id of relations.memberships.keys()) if (!current.has(id)) relations.leaving.add(id)
    return relations
  })
}
