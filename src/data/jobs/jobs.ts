// Jobs as the API shows them, and their progress.
import {
  type Columns,
  column,
  columnsOf,
  int4,
  int8,
  joined,
  jsonb,
  mapped,
  oneOf,
  optional,
  select,
  text,
  timestamptz,
  uuid,
} from '#data/columns.ts'
import { type Db, finder, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { enqueue } from '#data/jobs/queue.ts'
import { listPage } from '#data/lists.ts'
import { inList } from '#data/sql/in-list.ts'
import { type AnyJob, type Job, type JobError, type JobType, platformJobTypes } from '#resources/job.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { hostedUrl } from '#resources/served.ts'

const { sql, raw } = Prisma

// -------------------------------------------------------------------------------------------- reading

export const jobShape = {
  id: int8,
  type: oneOf<JobType>(),
  state: oneOf<Job['state']>(),
  processed: int8,
  failed: int8,
  total: optional(int8),
  errors: jsonb<JobError[]>(),
  createdTime: timestamptz,
  endedTime: optional(timestamptz),
}
const jobJoins = 'left join file f on f.id = j.file_id'

const jobColumns: Columns<AnyJob> = mapped(
  select({
    ...columnsOf(jobShape, 'j'),
    file: joined(select(columnsOf({ key: uuid, name: text }, 'f'))),
  }),
  ({ file, ...job }) => ({ ...job, file: file && hostedUrl(file) }),
)

export const findJob = finder(
  reading(
    'find-job',
    jobColumns,
    (columns) => `select ${columns} from job j ${jobJoins} where j.id = $2 and j.application_id = $1`,
  ),
)

/** Returns the key of the file that a job created; undefined if there is no such job or no file. */
export const findJobFile = finder(
  reading(
    'find-job-file',
    column(uuid, 'f.key'),
    (columns) =>
      `select ${columns} from job j join file f on f.id = j.file_id where j.id = $2 and j.application_id = $1`,
  ),
)

export interface JobFilters {
  /** Whether the job has not ended yet. */
  running?: boolean | undefined
  /** Only the types of jobs that the Platform API documents. */
  documented?: boolean
}

/** Lists the jobs of an application, oldest first. Index: job (application_id, id). */
export function readJobPage(
  db: Db,
  applicationId: number,
  { running, documented = false }: JobFilters,
  page: PageRequest,
): Promise<Page<AnyJob>> {
  const state = raw(running ? `j.state in ('PENDING', 'RUNNING')` : `j.state in ('FINISHED', 'FAILED')`)
  return listPage(
    db,
    {
      name: `list-jobs${running === undefined ? '' : running ? '-running' : '-ended'}${documented ? '-documented' : ''}`,
      resource: 'job',
      from: sql`job j`,
      id: 'j.id',
      where: [
        sql`j.application_id = ${applicationId}::bigint`,
        ...(running === undefined ? [] : [state]),
        ...(documented ? [raw(`j.type in ${inList(platformJobTypes)}`)] : []),
      ],
      sortable: {
        id: 'j.id',
        type: 'j.type',
        state: 'j.state',
        createdTime: 'j.created_time',
        endedTime: 'j.ended_time',
      },
      order: 'j.id',
      columns: jobColumns,
      joins: `join job j on j.id = page.id ${jobJoins}`,
    },
    page,
  )
}

// -------------------------------------------------------------------------------------------- running

/** What a job works on. */
export interface JobInput {
  /** The key of the imported file. */
  fileKey?: string
  /** The channel whose members are imported, or that is deleted. */
  channelId?: number
  /** The last message to delete; all earlier ones of the application are deleted as well. */
  throughId?: number
  /** The user who is deleted, erased or exported. */
  userId?: number
  /** What to do with the messages of an erased person. */
  messages?: 'keep' | 'redact' | 'delete'
  /** The name of an erased person; removed when the job is done. */
  name?: string
  /** Texts that identify an erased person; removed when the job is done. */
  terms?: string[]
}

/** Inserts a PENDING job and adds it to the queue. The jobs of an application run one after the other, in order. */
export async function insertJob<T extends JobType>(
  tx: Tx,
  applicationId: number,
  type: T,
  input: JobInput,
): Promise<AnyJob & { type: T }> {
  const job = await tx.single(insertStatement, [applicationId, type, JSON.stringify(input)])
  await enqueue(tx, 'job', { jobId: job.id }, { after: `application ${applicationId}` })
  return { ...job, type }
}

const insertStatement = reading(
  'insert-job',
  jobColumns,
  (columns) => `with j as (
      insert into job (application_id, type, input) values ($1, $2, $3::jsonb) returning *
    ) select ${columns} from j ${jobJoins}`,
)

/** A job as its runner sees it. */
export interface RunningJob extends JobInput {
  id: number
  applicationId: number
  type: JobType
  processed: number
  failed: number
  /** Undefined before the items are counted. */
  total: number | undefined
  /** How many errors have already been reported. */
  reported: number
}

/** Sets a job to RUNNING and returns it; undefined if it has ended or was deleted with its application. */
export function markJobBegun(db: Db, id: number): Promise<RunningJob | undefined> {
  return db.one(beginStatement, [id])
}

const { type, processed, failed, total } = jobShape
const beginStatement = reading(
  'begin-job',
  mapped(
    select({
      ...columnsOf({ id: int8, applicationId: int8, type, processed, failed, total }, 'j'),
      input: column(jsonb<JobInput>(), 'j.input'),
      reported: column(int4, 'jsonb_array_length(j.errors)'),
    }),
    ({ input, ...job }): RunningJob => ({ ...input, ...job }),
  ),
  (columns) => `
    update job j set state = 'RUNNING' where j.id = $1 and j.state in ('PENDING', 'RUNNING') returning ${columns}`,
)

/**
 * Locks the job until the transaction ends. Returns false if the job has progressed: another process runs it, because
 * this one was unreachable for a while and assumed dead.
 */
export async function lockJob(tx: Tx, { id, processed }: RunningJob): Promise<boolean> {
  return (await tx.run(lockStatement, [id, processed])) > 0
}

const lockStatement = {
  name: 'lock-job',
  text: `select from job where id = $1 and processed = $2 and state = 'RUNNING' for update`,
}

export interface Progress {
  processed: number
  failed: number
  /** Errors to append to those already reported. */
  errors: JobError[]
}

export async function saveProgress(db: Querier, id: number, progress: Progress): Promise<void> {
  const { processed, failed, errors } = progress
  await db.run(progressStatement, [id, processed, failed, JSON.stringify(errors)])
}

const progressStatement = {
  name: 'save-job-progress',
  text: `
    update job set processed = $2, failed = $3, errors = errors || $4::jsonb where id = $1 and state = 'RUNNING'`,
}

export async function setJobTotal(db: Querier, id: number, total: number): Promise<void> {
  await db.run({ name: 'save-job-total', text: 'update job set total = $2 where id = $1' }, [id, total])
}

export interface JobResult {
  state: 'FINISHED' | 'FAILED'
  /** The reason why it failed as a whole. */
  error?: JobError
  /** The key of the file with the result. */
  fileKey?: string
}

/** Ends a running job. @returns false if it has already ended, which changes nothing */
export async function markJobEnded(
  tx: Tx,
  id: number,
  { state, error, fileKey }: JobResult,
): Promise<boolean> {
  return (await tx.run(endStatement, [id, state, JSON.stringify(error ? [error] : []), fileKey])) > 0
}

const endStatement = {
  name: 'end-job',
  text: `
    update job set
      state = $2::job_state, ended_time = chatterie_clock(), total = coalesce(total, processed), errors = errors || $3::jsonb,
      file_id = (select f.id from file f where f.key = $4::uuid)
    where id = $1 and state = 'RUNNING'`,
}
