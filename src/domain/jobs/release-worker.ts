import type { Context } from '#context.ts'
import { releaseOwn } from '#data/jobs/queue.ts'

/** Releases the jobs that a worker has claimed, at once. */
export function releaseWorker(ctx: Context, worker: string): Promise<void> {
  return releaseOwn(ctx.db, worker)
}
