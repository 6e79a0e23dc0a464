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
      'Returns what a run would remove now according to the setting `retention`, or according to the given values instead. All counts are zero if everything is kept.',
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
    description:
      'Starts the job that would otherwise start within an hour. Follow its progress like that of any job.',
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
      "Starts a job whose file is a ZIP with the person's profile, memberships, messages, reactions, reads, sessions, notifications, reports, invites and blocks as JSON, and their files. The user may already be deleted.",
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
      'Deletes the user, and starts a job that removes or anonymizes everything that names them. The audit log records what the job has done. The user may already be deleted.',
    route: 'POST /users/:userId/erase',
    right: 'erase users',
    status: 202,
    params,
    body: Erase,
    answer: oneOf(AdminJob),
    handle: (caller, { params, body }) => startErasure(ctx, caller, params.userId, body),
  }),
]
