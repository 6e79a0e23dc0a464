import type { Context } from '#context.ts'
import { findOrphans } from '#data/users/connections.ts'
import { endSession } from '#domain/sessions/end-session.ts'

/** Ends the sessions of processes that died, once their clients had time to come back through another one. */
export async function endOrphanedSessions(ctx: Context, graceMs: number): Promise<void> {
  for (const session of await findOrphans(ctx.db, graceMs)) await endSession(ctx, session)
}
