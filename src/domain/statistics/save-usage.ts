import type { Context } from '#context.ts'
import { addRequests } from '#data/statistics/buckets.ts'

/** Writes down what applications have asked of this process; what cannot be written now is lost, and nobody waits. */
export async function saveUsage(ctx: Context): Promise<void> {
  await addRequests(ctx.db, ctx.usage.take()).catch((error) =>
    ctx.log.warn({ err: error }, 'what applications asked could not be counted'),
  )
}
