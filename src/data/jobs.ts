// Jobs: as the API shows them, and how far they are.
import {
  type Columns,
  columnsOf,
  int8,
  joined,
  jsonb,
  mapped,
  nullable,
  oneOf,
  select,
  text,
  timestamptz,
  uuid,
} from '#data/columns.ts'
import { type Batch, type Db, reading, type Tx, toJsonb } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { enqueue } from '#data/queue.ts'
import type { Job, JobError, JobType } from '#resources/job.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { hostedUrl } from '#resources/served.ts'

const { sql, raw } = Prisma

// -------------------------------------------------------------------------------------------- reading

const jobShape = {
  id: int8,
  type: oneOf<JobType>(),
  state: oneOf<Job['state']>(),
  processed: int8,
  failed: int8,
  total: nullable(int8),
  errors: jsonb<JobError[]>(),
  createdTime: timestamptz,
  endedTime: nullable(timestamptz),
}
const jobJoins = 'left join file f on f.id = j.file_id'

const jobColumns: Columns<Job> = mapped(
  select({
    ...columnsOf(jobShape, 'j'),
    file: joined(select(columnsOf({ key: uuid, name: text }, 'f'))),
  }),
  ({ total, file, createdTime, endedTime, ...job }) => ({
    ...job,
    total: total ?? undefined,
    file: file && hostedUrl(file),
    createdTime,
    endedTime: endedTime ?? undefined,
  }),
)

const findStatement = reading(
  'find-job',
  jobColumns,
  (columns) => `select ${columns} from job j ${jobJoins} where j.id = $2 and j.application_id = $1`,
)

export function findJob(db: Db, applicationId: number, id: number): Promise<Job | undefined> {
  return db.one(findStatement, [applicationId, id])
}

export interface JobFilters {
  /** Whether it has yet to end. */
  running?: boolean | undefined
}

/** Jobs of an application, oldest first. Index: job (application_id, id). */
export function listJobs(
  db: Db,
  applicationId: number,
  { running }: JobFilters,
  page: PageRequest,
): Promise<Page<Job>> {
  const state = raw(running ? `j.state in ('PENDING', 'RUNNING')` : `j.state in ('FINISHED', 'FAILED')`)
  return listPage(
    db,
    {
      resource: 'job',
      from: sql`job j`,
      id: 'j.id',
      where: [sql`j.application_id = ${applicationId}::bigint`, ...(running === undefined ? [] : [state])],
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
  /** Of the file that is imported. */
  fileKey?: string
  /** Whose members are imported. */
  channelId?: number
}

/** A job and its place in the queue: those of an application run one after the other, in order. */
export async function insertJob(
  tx: Tx,
  applicationId: number,
  type: JobType,
  input: JobInput,
): Promise<number> {
  const [row] = await tx.prisma.$queryRaw<{ id: bigint }[]>`
    insert into job (application_id, type, input)
    values (${BigInt(applicationId)}, ${type}::job_type, ${toJsonb(input)}) returning id`
  const { id } = row as { id: bigint } // an insert that did not throw returns its row
  await enqueue(tx, 'job', { jobId: Number(id) }, { after: `application ${applicationId}` })
  return Number(id)
}

/** A job as its runner knows it. */
export interface RunningJob extends JobInput {
  id: number
  applicationId: number
  type: JobType
  processed: number
  failed: number
  total: number | null
  /** How many errors are told already. */
  told: number
}

/** The job, RUNNING from now on; undefined where it has ended, or is gone with its application. */
export async function beginJob(db: Db, id: number): Promise<RunningJob | undefined> {
  const [row] = await db.query(beginStatement, [id])
  return (
    row && {
      id,
      applicationId: row[0] as number,
      type: row[1] as JobType,
      ...(row[2] as JobInput),
      processed: row[3] as number,
      failed: row[4] as number,
      total: row[5] as number | null,
      told: row[6] as number,
    }
  )
}

const beginStatement = {
  name: 'begin-job',
  text: `
    update job set state = 'RUNNING' where id = $1 and state in ('PENDING', 'RUNNING')
    returning application_id, type, input, processed, failed, total, jsonb_array_length(errors)`,
}

/**
 * Locks the job until the batch ends. False where it has moved on: another process runs it, and this one, cut off
 * for a while, was taken for dead.
 */
export async function lockJob(batch: Batch, { id, processed }: RunningJob): Promise<boolean> {
  const rows = await batch.query(lockStatement, [id, processed])
  return rows.length > 0
}

const lockStatement = {
  name: 'lock-job',
  text: `select 1 from job where id = $1 and processed = $2 and state = 'RUNNING' for update`,
}

export interface Progress {
  processed: number
  failed: number
  /** To be told besides those before. */
  errors: JobError[]
}

export async function saveProgress(batch: Pick<Db, 'query'>, id: number, progress: Progress): Promise<void> {
  const { processed, failed, errors } = progress
  await batch.query(progressStatement, [id, processed, failed, JSON.stringify(errors)])
}

const progressStatement = {
  name: 'save-job-progress',
  text: `
    update job set processed = $2, failed = $3, errors = errors || $4::jsonb where id = $1 and state = 'RUNNING'`,
}

export async function saveTotal(db: Db, id: number, total: number): Promise<void> {
  await db.query({ name: 'save-job-total', text: 'update job set total = $2 where id = $1' }, [id, total])
}

export interface JobResult {
  state: 'FINISHED' | 'FAILED'
  /** Why it failed as a whole. */
  error?: JobError
  /** Of its result. */
  fileKey?: string
}

/** Ends a job that runs; one that has ended stays as it is. */
export async function endJob(tx: Tx, id: number, { state, error, fileKey }: JobResult): Promise<void> {
  await tx.prisma.$executeRaw`
    update job set
      state = ${state}::job_state, ended_time = now(), total = coalesce(total, processed),
      errors = errors || ${toJsonb(error ? [error] : [])},
      file_id = (select f.id from file f where f.key = ${fileKey ?? null}::uuid)
    where id = ${BigInt(id)} and state = 'RUNNING'`
}
