import type { Context } from '#context.ts'
import { saveAcknowledged } from '#data/users/connections.ts'

/** Saves the positions that sessions have acknowledged, in case this process dies. */
export function keepAcknowledged(ctx: Context, sessions: { id: number; position: number }[]): Promise<void> {
  return saveAcknowledged(ctx.db, ctx.node.id, sessions)
}
