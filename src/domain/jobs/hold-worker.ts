import type { ClientBase } from 'pg'
import { holdWorkerLock } from '#data/jobs/queue.ts'

/** Marks the worker as alive, for other processes, as long as this connection lasts. */
export async function holdWorker(connection: ClientBase, worker: string): Promise<void> {
  await connection.query(holdWorkerLock, [worker])
}
