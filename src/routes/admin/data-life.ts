// How long data live: what is removed by its age, and what there is of one person.
import type { Context } from '#context.ts'
import { previewRetention } from '#domain/retention/preview-retention.ts'
import { startRetention } from '#domain/retention/start-retention.ts'
import { AdminJob } from '#resources/admin/activity.ts'
import { RetentionPreview } from '#resources/admin/retention.ts'
import { insideOperation, oneOf } from '#routes/admin/operation.ts'

const tag = 'Life of data'

export const dataLifeOperations = (ctx: Context) => [
  insideOperation({
    id: 'previewRetention',
    tag,
    about: 'retention',
    summary: 'Preview retention',
    description:
      'What a run would remove now, by the setting `retention`; all zeros where everything is kept.',
    method: 'GET',
    path: '/retention/preview',
    right: 'read settings',
    answer: oneOf(RetentionPreview),
    handle: (caller) => previewRetention(ctx, caller),
  }),
  insideOperation({
    id: 'runRetention',
    tag,
    about: 'retention',
    summary: 'Run retention now',
    description: 'Begins the job that otherwise begins within an hour; its progress is that of any job.',
    method: 'POST',
    path: '/retention/run',
    right: 'change settings',
    status: 202,
    answer: oneOf(AdminJob),
    handle: (caller) => startRetention(ctx, caller),
  }),
]
