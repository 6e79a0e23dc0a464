import type { Context } from '#context.ts'
import {
  factsOf,
  type MessageFacts,
  messageFacts,
  type UserFacts,
  userFacts,
} from '#data/applications/analytics.ts'
import { type RunningJob, saveProgress } from '#data/jobs/jobs.ts'
import { writeFile } from '#domain/files/write-file.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import type { ExportType } from '#resources/job.ts'

export type { MessageFacts, UserFacts }

/** The format of each export, which is written in parts. */
export interface Formats {
  MESSAGE_ANALYTICS_EXPORT: Format<MessageFacts>
  USER_ANALYTICS_EXPORT: Format<UserFacts>
}

export interface Format<F> {
  name: string
  contentType: string
  head: string
  rows(facts: F[]): string
}

/**
 * Writes an export into a file and ends its job. An interrupted export starts over, and its incomplete file expires.
 * The size is not limited, because the file grows with the table.
 */
export async function exportFacts(
  ctx: Context,
  job: RunningJob,
  formats: Formats,
  signal: AbortSignal,
): Promise<void> {
  const { applicationId } = job
  const type = job.type as ExportType
  const bytes =
    type === 'MESSAGE_ANALYTICS_EXPORT'
      ? write(ctx, job, formats[type], signal, (after) => messageFacts(ctx.db, applicationId, after))
      : write(ctx, job, formats[type], signal, (after) => userFacts(ctx.db, applicationId, after))
  const { key } = await writeFile(ctx, applicationId, formats[type], (key) =>
    ctx.files.put(key, bytes, Number.MAX_SAFE_INTEGER),
  )
  await endJob(ctx, job, { state: 'FINISHED', fileKey: key })
}

async function* write<F extends { id: number }>(
  ctx: Context,
  job: RunningJob,
  format: Format<F>,
  signal: AbortSignal,
  next: (afterId: number) => Promise<F[]>,
): AsyncGenerator<Buffer> {
  yield Buffer.from(format.head)
  let processed = 0
  for await (const facts of factsOf(next)) {
    yield Buffer.from(format.rows(facts))
    processed += facts.length
    await saveProgress(ctx.db, job.id, { processed, failed: 0, errors: [] })
    signal.throwIfAborted()
  }
}
