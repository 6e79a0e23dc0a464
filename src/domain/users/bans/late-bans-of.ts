import type { Context } from '#context.ts'
import { lateBans } from '#data/users/bans.ts'

/** Users of these applications who were banned lately: whoever connected beside that is shown out. */
export function lateBansOf(ctx: Context, applicationIds: number[]): Promise<number[]> {
  return lateBans(ctx.db, applicationIds)
}
