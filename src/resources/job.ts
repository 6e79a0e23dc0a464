import { z } from 'zod'
import { defineResource, Id, served, Timestamp } from '#resources/define.ts'

/** The types that the Platform API documents and shows. */
const PlatformJobType = z.enum([
  'USER_IMPORT',
  'CHANNEL_IMPORT',
  'CHANNEL_MEMBERS_IMPORT',
  'MESSAGE_IMPORT',
  'MESSAGE_ANALYTICS_EXPORT',
  'USER_ANALYTICS_EXPORT',
])
export const platformJobTypes = PlatformJobType.options

/** The types that only operators see. */
const ownJobTypes = [
  'PERSON_EXPORT',
  'PERSON_ERASURE',
  'CHANNEL_DELETION',
  'USER_DELETION',
  'RETENTION',
  'MESSAGES_DELETION',
] as const
export const JobType = z.enum([...platformJobTypes, ...ownJobTypes])
export type JobType = z.output<typeof JobType>
export type ImportType = Extract<JobType, `${string}_IMPORT`>
export type ExportType = Extract<JobType, `${string}_ANALYTICS_EXPORT`>

/** An item of an import that could not be stored. */
export const JobError = z
  .object({
    index: z.number().int().describe('Index of the item in its file, from 0').meta({ format: 'int64' }),
    reason: z.string(),
  })
  .meta({ id: 'ApplicationJobErrorProperties' })
export type JobError = z.output<typeof JobError>

/** Maximum number of failed items that are reported; all are counted. */
export const jobErrorsMax = 100

const count = (about: string) => z.number().int().describe(about).meta({ format: 'int64' })

/** The counts and the errors are additions to the documented fields (contract h8). */
export const Job = z.object({
  id: Id,
  type: PlatformJobType,
  state: z.enum(['PENDING', 'RUNNING', 'FINISHED', 'FAILED']),
  processed: count('Number of items processed so far, including failed ones'),
  failed: count('Number of items that could not be stored'),
  total: count('Total number of items. Absent until they are counted').optional(),
  errors: z.array(JobError).describe(`Errors of the first ${jobErrorsMax} items that failed`),
  file: z
    .string()
    .register(served, { served: true })
    .describe('URL of the result of an export. Absent until the job has ended')
    .optional(),
  createdTime: Timestamp,
  endedTime: Timestamp.optional(),
})
export type Job = z.output<typeof Job>

export type AnyJob = Omit<Job, 'type'> & { type: JobType }

export const jobResource = defineResource({
  name: 'job',
  collection: 'jobs',
  component: 'ApplicationJobResource',
  shape: Job,
  links: {
    self: (job) => `/jobs/${job.id}`,
    application: () => '',
  },
})
