import type { Context } from '#context.ts'
import { findFile } from '#data/files.ts'
import { findJobFile } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ReadableFile } from '#domain/files/get-file.ts'
import { ChatError } from '#errors.ts'

/** Returns the file that a job wrote. @throws ChatError 404 if there is no such job, or it wrote none */
export async function openJobFile(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  jobId: number,
): Promise<ReadableFile> {
  const key = await findJobFile(ctx.db, applicationId, jobId)
  const file = key === undefined ? undefined : await findFile(ctx.db, key)
  if (!file) throw new ChatError('ResourceNotFoundError', `job ${jobId} does not exist, or has no file`)
  return { ...file, open: (range) => ctx.files.open(file.key, range) }
}
