import type { ClientBase } from 'pg'
import { holdWorkerLock } from '#data/jobs/queue.ts'

/** As long as this connection lasts, the worker is alive to others. */
export async function holdWorker(connection: ClientBase, worker: string): Promise<void> {
  await connection.query(holdWorkerLock, [worker])
}
