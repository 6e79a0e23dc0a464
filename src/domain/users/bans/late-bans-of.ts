import type { Context } from '#context.ts'
import { lateBans } from '#data/users/bans.ts'

/** Returns users of these applications who were banned recently, to disconnect those who connected meanwhile. */
export function lateBansOf(ctx: Context, applicationIds: number[]): Promise<number[]> {
  return lateBans(ctx.db, applicationIds)
}
