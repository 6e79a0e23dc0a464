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

/** How often items of a batch are stored whose key is free only because an item before them failed. */
const roundsMax = 5

/**
 * Skips items whose key was stored before, and saves the keys of the items that are stored. The key of an item that
 * fails is free for the next item with it, which is stored after the others.
 */
export async function storeOnce<I extends { idempotencyKey?: string | undefined }>(
  tx: Tx,
  target: ImportTarget,
  items: Numbered<I>[],
  store: Store<I>,
): Promise<JobError[]> {
  const { applicationId } = target
  const kind = target.type as ImportType
  const given = items.flatMap(({ item }) => item.idempotencyKey ?? [])
  const done = await findKeys(tx, applicationId, kind, given)
  const errors: JobError[] = []
  let left = items
  for (let round = 0; left.length > 0 && round < roundsMax; round += 1) {
    const { fresh, repeated } = firstOfEachKey(left, done)
    if (fresh.length === 0) return errors
    const failures = await store(tx, target, fresh)
    const failed = new Set(failures.map(({ index }) => index))
    const keys = fresh.flatMap(({ index, item }) => (failed.has(index) ? [] : (item.idempotencyKey ?? [])))
    await insertKeys(tx, applicationId, kind, keys)
    for (const key of keys) done.add(key)
    errors.push(...failures)
    left = repeated
  }
  const reason = 'too many items with the same key failed before it'
  const { fresh, repeated } = firstOfEachKey(left, done)
  return [...errors, ...[...fresh, ...repeated].map(({ index }) => ({ index, reason }))]
}

/** Separates the items whose keys are not done into the first of each key, or without a key, and its repetitions. */
function firstOfEachKey<I extends { idempotencyKey?: string | undefined }>(
  items: Numbered<I>[],
  done: Set<string>,
) {
  const [fresh, repeated]: [Numbered<I>[], Numbered<I>[]] = [[], []]
  const taken = new Set<string>()
  for (const each of items) {
    const key = each.item.idempotencyKey
    if (key !== undefined && done.has(key)) continue
    if (key === undefined || !taken.has(key)) fresh.push(each)
    else repeated.push(each)
    if (key !== undefined) taken.add(key)
  }
  return { fresh, repeated }
}
