import type { ClientBase } from 'pg'
import type { Context } from '#context.ts'
import { holdWorkerLock, releaseDead, releaseOwn } from '#data/jobs/queue.ts'

/** As long as this connection lasts, the worker is alive to others. */
export async function holdWorker(connection: ClientBase, worker: string): Promise<void> {
  await connection.query(holdWorkerLock, [worker])
}

/** Gives back at once what a worker has taken. */
export function releaseWorker(ctx: Context, worker: string): Promise<void> {
  return releaseOwn(ctx.db, worker)
}

/** Gives back what workers of dead processes had taken. */
export function releaseDeadWorkers(ctx: Context, self: string): Promise<void> {
  return releaseDead(ctx.db, self)
}
