// Runs an import: validates the items of its file one by one and stores them in batches.
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import type { Context } from '#context.ts'
import type { RunningJob } from '#domain/jobs/begin-job.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { noteGrowth } from '#domain/jobs/note-growth.ts'
import { saveTotal } from '#domain/jobs/save-total.ts'
import { type ImportBatch, storeBatch } from '#domain/jobs/store-batch.ts'
import { storeChannels } from '#domain/jobs/store-channels.ts'
import { storeMembers } from '#domain/jobs/store-members.ts'
import { storeMessages } from '#domain/jobs/store-messages.ts'
import type { Store } from '#domain/jobs/store-once.ts'
import { storeUsers } from '#domain/jobs/store-users.ts'
import { ChatError, isGone } from '#errors.ts'
import { countItems, type Item, readItems, UnusableFile } from '#jobs/read-items.ts'
import { ChannelImport, MemberImport, MessageImport, UserImport } from '#resources/imports.ts'
import type { ImportType } from '#resources/job.ts'
import { compileCheck } from '#wire/reading.ts'

/**
 * Items per commit. Larger batches make concurrent commits wait longer until the log of this one, 3 KB a message, is on
 * disk: the p99 of a send beside an import was 22 ms with 250 and 27 ms with 500, which is 5 % faster. On a busy
 * machine they did not differ.
 */
const batchItemsMax = 250
const batchBytesMax = 1_048_576

/**
 * Share of a batch's duration for which the import pauses, to leave the disk to others. A tenth took 12 to 18 % off the
 * p99 of a send beside it, for 3 to 11 % of the speed; a quarter took 8 to 28 % off, for 22 to 28 %.
 */
const restShare = 0.1

interface Kind {
  check(value: unknown): { idempotencyKey?: string | undefined }
  // biome-ignore lint/suspicious/noExplicitAny: `kind` pairs each check with the store of what it gives
  store: Store<any>
}

function kind<S extends z.ZodType<{ idempotencyKey?: string | undefined }>>(
  resource: string,
  schema: S,
  store: Store<z.output<S>>,
): Kind {
  return { check: compileCheck(resource, schema), store }
}

const kinds: Record<ImportType, Kind> = {
  USER_IMPORT: kind('user', UserImport, storeUsers),
  CHANNEL_IMPORT: kind('channel', ChannelImport, storeChannels),
  CHANNEL_MEMBERS_IMPORT: kind('channel_membership', MemberImport, storeMembers),
  MESSAGE_IMPORT: kind('message', MessageImport, storeMessages),
}

/** Thrown if the file is not in the store of the process that runs the job, as with several stores that nobody shares. */
export class MissingFile extends Error {
  override readonly name = 'MissingFile'

  constructor() {
    super('The file of this import is missing: it is not where the server keeps its files')
  }
}

/**
 * Continues the job from its current position to the end of the file.
 * A job is FAILED if its file is not a complete JSON array, or if none of its items could be stored (contract h8).
 */
export async function runImport(ctx: Context, begun: RunningJob, signal: AbortSignal): Promise<void> {
  const open = () =>
    ctx.files.open(begun.fileKey ?? '').catch((error) => {
      throw isGone(error) ? new MissingFile() : error
    })
  let job = begun.total === undefined ? await count(ctx, begun, await open()) : begun
  const { check, store } = kinds[job.type as ImportType]
  let batch = emptyBatch()
  const flush = async () => {
    if (sizeOf(batch) === 0) return
    const began = performance.now()
    job = await storeBatch(ctx, job, batch, store)
    batch = emptyBatch()
    await sleep((performance.now() - began) * restShare, undefined, { signal })
  }

  const bytes = await open()
  try {
    for await (const items of readItems(bytes, job.processed)) {
      for (const item of items) take(batch, item, check)
      if (sizeOf(batch) >= batchItemsMax || batch.bytes >= batchBytesMax) await flush()
    }
    await flush()
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    await flush()
    const { index, message } = error
    return endJob(ctx, job, { state: 'FAILED', error: { index, reason: message } })
  } finally {
    bytes.destroy()
  }
  await noteGrowth(ctx, job)
  const nothingStored = job.failed > 0 && job.failed === job.processed
  await endJob(ctx, job, { state: nothingStored ? 'FAILED' : 'FINISHED' })
}

async function count(ctx: Context, job: RunningJob, bytes: Readable): Promise<RunningJob> {
  try {
    const total = await countItems(bytes)
    await saveTotal(ctx, job, total)
    return { ...job, total }
  } finally {
    bytes.destroy()
  }
}

type CheckedBatch = ImportBatch<ReturnType<Kind['check']>> & { bytes: number }

const emptyBatch = (): CheckedBatch => ({ items: [], errors: [], bytes: 0 })
const sizeOf = ({ items, errors }: CheckedBatch) => items.length + errors.length

function take(batch: CheckedBatch, item: Item, check: Kind['check']): void {
  const { index } = item
  batch.bytes += item.size
  if ('reason' in item) {
    batch.errors.push({ index, reason: item.reason })
    return
  }
  try {
    batch.items.push({ index, item: check(item.value) })
  } catch (error) {
    if (!(error instanceof ChatError)) throw error
    batch.errors.push({ index, reason: error.message.slice(0, reasonMax) })
  }
}

const reasonMax = 300
