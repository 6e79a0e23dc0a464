import type { Context } from '#context.ts'
import { type RunningJob, saveTotal as saveTotalRow } from '#data/jobs.ts'

/** How many items there are to do, so that progress means something. */
export function saveTotal(ctx: Context, { id }: RunningJob, total: number): Promise<void> {
  return saveTotalRow(ctx.db, id, total)
}
