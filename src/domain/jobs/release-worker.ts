import type { Context } from '#context.ts'
import { releaseOwn } from '#data/jobs/queue.ts'

/** Gives back at once what a worker has taken. */
export function releaseWorker(ctx: Context, worker: string): Promise<void> {
  return releaseOwn(ctx.db, worker)
}
