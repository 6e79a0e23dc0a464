// Operations on the lifetime of data: retention by age, and export and erasure of a person's data.
import { z } from 'zod'
import type { Context } from '#context.ts'
import { startErasure } from '#domain/persons/start-erasure.ts'
import { startPersonExport } from '#domain/persons/start-person-export.ts'
import { previewRetention } from '#domain/retention/preview-retention.ts'
import { startRetention } from '#domain/retention/start-retention.ts'
import { AdminJob } from '#resources/admin/activity.ts'
import { Erase } from '#resources/admin/person.ts'
import { QueryRetention, RetentionPreview } from '#resources/admin/retention.ts'
import { insideOperation, oneOf } from '#routes/admin/operation.ts'
import { PathId } from '#routes/operation.ts'

const about = { tag: 'Life of data', about: 'retention' }
const params = z.object({ userId: PathId })

export const dataLifeOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'previewRetention',
    summary: 'Preview retention',
    description:
      'What a run would remove now, by the setting `retention`, or by what is given instead of it; all zeros where everything is kept.',
    route: 'GET /retention/preview',
    right: 'read settings',
    query: QueryRetention,
    answer: oneOf(RetentionPreview),
    handle: (caller, { query }) => previewRetention(ctx, caller, query),
  }),
  insideOperation({
    ...about,
    id: 'runRetention',
    summary: 'Run retention now',
    description: 'Begins the job that otherwise begins within an hour; its progress is that of any job.',
    route: 'POST /retention/run',
    right: 'change settings',
    status: 202,
    answer: oneOf(AdminJob),
    handle: (caller) => startRetention(ctx, caller),
  }),
  insideOperation({
    ...about,
    id: 'exportUser',
    about: 'user',
    summary: "Export a person's data",
    description:
      'A job whose file is a ZIP: profile, memberships, messages, reactions, reads, sessions, notifications, reports, invites and blocks as JSON, and the files. It can be of a user that was deleted.',
    route: 'POST /users/:userId/export',
    right: 'export',
    status: 202,
    params,
    answer: oneOf(AdminJob),
    handle: (caller, { params }) => startPersonExport(ctx, caller, params.userId),
  }),
  insideOperation({
    ...about,
    id: 'eraseUser',
    about: 'user',
    summary: 'Erase a person',
    description:
      'Deletes the user, and removes or makes anonymous, in a job, whatever names it; what it has done is in the audit. It can be of a user that was deleted.',
    route: 'POST /users/:userId/erase',
    right: 'erase users',
    status: 202,
    params,
    body: Erase,
    answer: oneOf(AdminJob),
    handle: (caller, { params, body }) => startErasure(ctx, caller, params.userId, body),
  }),
]
