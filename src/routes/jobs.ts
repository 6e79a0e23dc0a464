import { z } from 'zod'
import type { Context } from '#context.ts'
import { getJob } from '#domain/jobs/get-job.ts'
import { listJobs } from '#domain/jobs/list-jobs.ts'
import { jobResource } from '#resources/job.ts'
import { QueryFlag } from '#resources/queries.ts'
import { one, operation, pageOf, WithId } from '#routes/operation.ts'

const about = { tag: 'Jobs', about: 'job' }

export const jobOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'listJobs',
    summary: 'List jobs',
    description:
      'Lists jobs, oldest first. With `running`, returns only jobs that have not ended yet (true), or only those that have (false).',
    route: 'GET /jobs',
    scopes: ['read:job'],
    query: z.object({ running: QueryFlag }),
    answer: pageOf(jobResource),
    handle: (caller, { query, page }) => listJobs(ctx, caller, query, page),
  }),
  operation({
    ...about,
    id: 'retrieveJob',
    summary: 'Retrieve a job',
    description: 'Retrieves the progress of a job, and its result.',
    route: 'GET /jobs/:id',
    scopes: ['read:job'],
    params: WithId,
    answer: one(jobResource),
    handle: (caller, { params }) => getJob(ctx, caller, params.id),
  }),
]
