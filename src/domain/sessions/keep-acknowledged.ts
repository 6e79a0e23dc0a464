import type { Context } from '#context.ts'
import { saveAcknowledged } from '#data/users/connections.ts'

/** Keeps how far sessions have acknowledged, for the case that this process dies. */
export function keepAcknowledged(ctx: Context, sessions: { id: number; position: number }[]): Promise<void> {
  return saveAcknowledged(ctx.db, ctx.node.id, sessions)
}
