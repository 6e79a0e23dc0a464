import type { Context } from '#context.ts'
import { startExport } from '#domain/jobs/start-export.ts'
import { jobResource } from '#resources/job.ts'
import { one, operation } from '#routes/operation.ts'

const tag = 'Analytics'
const about = 'job'

export const analyticsOperations = (ctx: Context) => [
  operation({
    id: 'exportMessageAnalytics',
    tag,
    about,
    summary: 'Export message analytics',
    description: 'Once the job has FINISHED, its `file` is a CSV with a row for each message.',
    method: 'POST',
    path: '/analytics/messages',
    scopes: ['read:message'],
    status: 202,
    answer: one(jobResource),
    handle: (caller) => startExport(ctx, caller, 'MESSAGE_ANALYTICS_EXPORT'),
  }),
  operation({
    id: 'exportUserAnalytics',
    tag,
    about,
    summary: 'Export user analytics',
    description: 'Once the job has FINISHED, its `file` is a CSV with a row for each user.',
    method: 'POST',
    path: '/analytics/users',
    scopes: ['read:user'],
    status: 202,
    answer: one(jobResource),
    handle: (caller) => startExport(ctx, caller, 'USER_ANALYTICS_EXPORT'),
  }),
]
