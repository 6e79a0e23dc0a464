import type { Context } from '#context.ts'
import { keepFile } from '#data/files.ts'
import { insertJob, type JobInput } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import type { ImportType, Job } from '#resources/job.ts'

/**
 * Queues an import of a stored file, which will be done even if this process crashes. Returns the job as queued,
 * PENDING, even if it has begun since.
 * @throws ChatError 404 for members of a channel that does not exist, 400 for those of a direct one
 */
export async function startImport(
  ctx: Context,
  caller: ApplicationCaller,
  type: ImportType,
  input: JobInput & { fileKey: string },
): Promise<Job> {
  if (input.channelId !== undefined) await mustHaveGroupChannel(ctx, caller, input.channelId)
  await ctx.queue.ready()
  return ctx.db.transact(async (tx) => {
    await keepFile(tx, input.fileKey)
    const job = await insertJob(tx, caller.applicationId, type, input)
    const target = { type: 'job', id: job.id }
    await noteOperatorsAct(tx, caller, { action: 'import.started', target, details: { type } })
    return job
  })
}
