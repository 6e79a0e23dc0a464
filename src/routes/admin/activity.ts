// Operations on the activity of an application: sessions and jobs.
import { z } from 'zod'
import type { Context } from '#context.ts'
import { getAnyJob } from '#domain/jobs/get-any-job.ts'
import { listAnyJobs } from '#domain/jobs/list-any-jobs.ts'
import { listUserSessions } from '#domain/sessions/list-user-sessions.ts'
import { AdminJob, toAdminJob } from '#resources/admin/activity.ts'
import { userSessionResource } from '#resources/session.ts'
import { insideOperation, listOf, oneOf } from '#routes/admin/operation.ts'
import { newestFirst, partOf } from '#routes/admin/paged.ts'
import { PathId } from '#routes/operation.ts'

export const activityOperations = (ctx: Context) => [
  insideOperation({
    id: 'listSessions',
    tag: 'Sessions',
    about: 'session',
    summary: 'List live sessions',
    description: 'Lists the devices that are connected, newest first.',
    route: 'GET /sessions',
    right: 'read sessions',
    answer: listOf(userSessionResource.shape),
    handle: (caller, { list }) =>
      partOf(list, (page) => listUserSessions(ctx, caller, { state: 'ACTIVE' }, page), newestFirst),
  }),
  insideOperation({
    id: 'listJobs',
    tag: 'Jobs',
    about: 'job',
    summary: 'List jobs',
    description: 'Lists the jobs for imports, exports, deletions, retention and erasures, newest first.',
    route: 'GET /jobs',
    right: 'read jobs',
    answer: listOf(AdminJob),
    handle: async (caller, { list }) => {
      const part = await partOf(list, (page) => listAnyJobs(ctx, caller, page), newestFirst)
      return { ...part, items: part.items.map((job) => toAdminJob(job, caller.applicationId)) }
    },
  }),
  insideOperation({
    id: 'retrieveJob',
    tag: 'Jobs',
    about: 'job',
    summary: 'Retrieve a job',
    description: 'Retrieves the progress and the errors of a job.',
    route: 'GET /jobs/:jobId',
    right: 'read jobs',
    params: z.object({ jobId: PathId }),
    answer: oneOf(AdminJob),
    handle: async (caller, { params }) =>
      toAdminJob(await getAnyJob(ctx, caller, params.jobId), caller.applicationId),
  }),
]
