import type { Context } from '#context.ts'
import { startExport } from '#domain/jobs/start-export.ts'
import { jobResource } from '#resources/job.ts'
import { one, operation } from '#routes/operation.ts'

const about = { tag: 'Analytics', about: 'job' }

export const analyticsOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'exportMessageAnalytics',
    summary: 'Export message analytics',
    description:
      'Starts an export of all messages. Once the job is FINISHED, its `file` is a CSV with a row for each message.',
    route: 'POST /analytics/messages',
    scopes: ['read:message'],
    status: 202,
    answer: one(jobResource),
    handle: (caller) => startExport(ctx, caller, 'MESSAGE_ANALYTICS_EXPORT'),
  }),
  operation({
    ...about,
    id: 'exportUserAnalytics',
    summary: 'Export user analytics',
    description:
      'Starts an export of all users. Once the job is FINISHED, its `file` is a CSV with a row for each user.',
    route: 'POST /analytics/users',
    scopes: ['read:user'],
    status: 202,
    answer: one(jobResource),
    handle: (caller) => startExport(ctx, caller, 'USER_ANALYTICS_EXPORT'),
  }),
]
