import type { Tx } from '#data/database.ts'
import { findKeys, insertKeys } from '#data/jobs/imports.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import type { ImportType, JobError } from '#resources/job.ts'

/** What items are stored for: a job, or a caller without one. */
export type ImportTarget = Pick<RunningJob, 'applicationId' | 'channelId' | 'type'>

export interface Numbered<I> {
  index: number
  item: I
}

/** Stores items, and returns errors for those that cannot be stored. */
export type Store<I> = (tx: Tx, target: ImportTarget, items: Numbered<I>[]) => Promise<JobError[]>

/** Skips items whose key was stored before, and saves the keys of the items that are stored. */
export async function storeOnce<I extends { idempotencyKey?: string | undefined }>(
  tx: Tx,
  target: ImportTarget,
  items: Numbered<I>[],
  store: Store<I>,
): Promise<JobError[]> {
  const kind = target.type as ImportType
  const keys = items.flatMap(({ item }) => item.idempotencyKey ?? [])
  const seen = await findKeys(tx, target.applicationId, kind, keys)
  const fresh = items.filter(({ item: { idempotencyKey: key } }) => {
    if (key === undefined) return true
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  const errors = await store(tx, target, fresh)
  const failed = new Set(errors.map(({ index }) => index))
  const stored = fresh.filter(({ index }) => !failed.has(index))
  await insertKeys(
    tx,
    target.applicationId,
    kind,
    stored.flatMap(({ item }) => item.idempotencyKey ?? []),
  )
  return errors
}
