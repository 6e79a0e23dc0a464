import type { Context } from '#context.ts'
import { deleteItems } from '#data/moving/items.ts'

/** Deletes the mapping of original keys to ids, so that moves start afresh. @returns how many items there were */
export function forgetMove(ctx: Context, applicationId: number): Promise<number> {
  return ctx.db.transact((tx) => deleteItems(tx, applicationId))
}
