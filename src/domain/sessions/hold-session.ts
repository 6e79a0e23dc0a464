// What the process that holds a session's connection keeps of it in the database.
import type { Context } from '#context.ts'
import { membershipsOf } from '#data/memberships.ts'
import { detachSessionRow, saveAcknowledged } from '#data/sessions.ts'
import { blockedIdsOf } from '#data/user-blocks.ts'

/** What deciding about a user's topics and events takes, so that no event has to ask the database. */
export async function loadRelations(ctx: Context, userId: number) {
  const [memberships, blockedIds] = await Promise.all([
    membershipsOf(ctx.db, userId),
    blockedIdsOf(ctx.db, userId),
  ])
  return { memberships, blockedIds }
}

/** The connection is lost; the session may be resumed from what it had acknowledged. */
export function detachSession(ctx: Context, id: number, position: number): Promise<void> {
  return detachSessionRow(ctx.db, id, ctx.node.id, position)
}

/** Keeps how far sessions have acknowledged, for the case that this process dies. */
export function keepAcknowledged(ctx: Context, sessions: { id: number; position: number }[]): Promise<void> {
  return saveAcknowledged(ctx.db, ctx.node.id, sessions)
}
