// Activity of an application, in the shapes of the Platform API.
import { z } from 'zod'
import { served } from '#resources/define.ts'
import { type AnyJob, Job, JobType } from '#resources/job.ts'

export const AdminJob = Job.extend({
  type: JobType,
  file: z
    .string()
    .register(served, { served: true })
    .describe(
      'URL of the result of an export, which operators with the right to export can download. Absent until the job has ended',
    )
    .optional(),
}).meta({ id: 'Job' })

/** Returns the job with its file at the address that operators can read. */
export function toAdminJob(job: AnyJob, applicationId: number): AnyJob {
  if (job.file === undefined) return job
  return { ...job, file: `/admin/v1/applications/${applicationId}/jobs/${job.id}/file` }
}
