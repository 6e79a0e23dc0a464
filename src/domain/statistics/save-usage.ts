import type { Context } from '#context.ts'
import { addRequests } from '#data/statistics/buckets.ts'

/** Saves the request counts of this process. A failure is only logged, and its counts are lost. */
export async function saveUsage(ctx: Context): Promise<void> {
  await addRequests(ctx.db, ctx.usage.take()).catch((error) =>
    ctx.log.warn({ err: error }, 'request statistics could not be saved'),
  )
}
