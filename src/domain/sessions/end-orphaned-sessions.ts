import type { Context } from '#context.ts'
import { findOrphans, orphansMax } from '#data/users/connections.ts'
import { endSession } from '#domain/sessions/end-session.ts'

/** Ends the sessions of dead processes, once their clients have had time to reconnect to another one. */
export async function endOrphanedSessions(ctx: Context, graceMs: number): Promise<void> {
  for (let isMore = true; isMore; ) {
    const orphans = await findOrphans(ctx.db, graceMs)
    await Promise.all(orphans.map((session) => endSession(ctx, session)))
    isMore = orphans.length === orphansMax
  }
}
