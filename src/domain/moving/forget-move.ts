import type { Context } from '#context.ts'
import { deleteItems } from '#data/moving/items.ts'

/** Forgets what has become of what: moves into the application begin anew. @returns how many items were known */
export function forgetMove(ctx: Context, applicationId: number): Promise<number> {
  return ctx.db.transact((tx) => deleteItems(tx, applicationId))
}
