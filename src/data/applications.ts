import { type Database, type Db, type Row, type Tx, toJsonb } from '#data/database.ts'
import type { Application, ApplicationSettings } from '#resources/application.ts'
import { type CounterScope, eventCounters, ownerOf } from '#resources/events.ts'
import { completeUi, type Ui, type UiPart } from '#resources/ui.ts'

const select = { id: true, key: true, properties: true, createdTime: true } as const

export async function findApplication(db: Db, id: number): Promise<Application | null> {
  const row = await db.prisma.application.findUnique({ where: { id: BigInt(id) }, select })
  return (
    row && {
      ...row,
      id: Number(row.id),
      properties: row.properties as Application['properties'],
      createdTime: row.createdTime.toISOString(),
    }
  )
}

type Settings = Pick<ApplicationSettings, 'guestUsers' | 'userCreatedChannels'>
const settings = { guestUsers: true, userCreatedChannels: true } as const

export async function findSettings(db: Db, id: number): Promise<Settings | null> {
  return db.prisma.application.findUnique({ where: { id: BigInt(id) }, select: settings })
}

export async function updateSettings(tx: Tx, id: number, changes: Partial<Settings>): Promise<Settings> {
  return tx.prisma.application.update({ where: { id: BigInt(id) }, data: changes, select: settings })
}

/** What user interfaces of these applications show and look like. */
export async function findUi(db: Db, ids: number[]): Promise<Map<number, Ui>> {
  const rows = await db.query(uiStatement, [ids])
  return new Map(rows.map((row) => [row[0] as number, completeUi(row[1] as Partial<Ui>)]))
}

const uiStatement = { name: 'find-ui', text: 'select id, ui from application where id = any($1::bigint[])' }

/** Whether there is such an application. */
export async function updateUi(
  tx: Tx,
  id: number,
  part: UiPart,
  settings: Record<string, unknown>,
): Promise<boolean> {
  const count = await tx.prisma.$executeRaw`
    update application set ui = ui || ${toJsonb({ [part]: settings })} where id = ${BigInt(id)}`
  return count > 0
}

export interface Credential {
  clientId: string
  secretHash: string
  /** Of the secret before the last rotation, while it is taken as well; `until` in milliseconds since the epoch. */
  previous?: { secretHash: string; until: number }
  applicationId: number
  applicationKey: string
}

const credentialFields = {
  clientId: true,
  secretHash: true,
  previousSecretHash: true,
  previousUntil: true,
  applicationId: true,
  application: { select: { key: true } },
} as const

export async function findCredential(db: Db, clientId: string): Promise<Credential | undefined> {
  const row = await db.prisma.credential.findUnique({
    where: { clientId },
    select: credentialFields,
  })
  return row ? toCredential(row) : undefined
}

/** The oldest credential of all: that of the first application. */
export async function findFirstCredential(db: Db): Promise<Credential | undefined> {
  const row = await db.prisma.credential.findFirst({
    orderBy: [{ applicationId: 'asc' }, { createdTime: 'asc' }],
    select: credentialFields,
  })
  return row ? toCredential(row) : undefined
}

function toCredential(row: {
  clientId: string
  secretHash: string
  previousSecretHash: string | null
  previousUntil: Date | null
  applicationId: bigint
  application: { key: string }
}): Credential {
  const { previousSecretHash, previousUntil } = row
  return {
    clientId: row.clientId,
    secretHash: row.secretHash,
    ...(previousSecretHash &&
      previousUntil && { previous: { secretHash: previousSecretHash, until: previousUntil.getTime() } }),
    applicationId: Number(row.applicationId),
    applicationKey: row.application.key,
  }
}

/** @throws a unique violation where the key or the client id is taken */
export async function insertApplication(
  tx: Tx,
  application: { name: string; key: string; clientId: string; secretHash: string },
): Promise<number> {
  const { id } = await tx.prisma.application.create({
    data: {
      name: application.name,
      key: application.key,
      credentials: { create: { clientId: application.clientId, secretHash: application.secretHash } },
    },
    select: { id: true },
  })
  return Number(id)
}

/** Gives an application another client, in place of one of the same id. */
export async function putCredential(
  tx: Tx,
  credential: Pick<Credential, 'clientId' | 'secretHash' | 'applicationId'>,
): Promise<void> {
  const { clientId, secretHash, applicationId } = credential
  await tx.prisma.accessToken.deleteMany({ where: { clientId } })
  await tx.prisma.credential.upsert({
    where: { clientId },
    create: { clientId, secretHash, applicationId: BigInt(applicationId) },
    update: { secretHash, previousSecretHash: null, previousUntil: null },
    select: { clientId: true },
  })
}

/**
 * Replaces a secret. The old one is taken for `overlapMs` more, and no token that it opened lives longer; one that an
 * earlier replacement left is void at once.
 */
export async function replaceSecret(
  tx: Tx,
  clientId: string,
  secretHash: string,
  overlapMs = 0,
): Promise<void> {
  if (overlapMs === 0) {
    await tx.prisma.credential.update({
      where: { clientId },
      data: { secretHash, previousSecretHash: null, previousUntil: null },
      select: { clientId: true },
    })
    await tx.prisma.accessToken.deleteMany({ where: { clientId } })
    return
  }
  await tx.prisma.$executeRaw`
    with replaced as (
      update credential set secret_hash = ${secretHash}, previous_secret_hash = secret_hash,
        previous_until = now() + ${overlapMs}::float8 * interval '1 ms'
      where client_id = ${clientId} returning client_id, previous_until
    )
    update access_token t set expires_time = least(t.expires_time, r.previous_until)
    from replaced r where t.client_id = r.client_id`
}

/** Holds back other processes that want to create the first application, until the transaction ends. */
export async function lockFirstApplication(tx: Tx): Promise<void> {
  await tx.prisma.$executeRaw`select pg_advisory_xact_lock(hashtext('chatterie: first application'))`
}

export interface ApplicationSummary {
  id: number
  name: string
  /** The API key. */
  key: string
  /** Of its first client, the one that was made with it. */
  clientId: string | null
  createdTime: string
}

const summaryStatement = `
  select a.id, a.name, a.key, c.client_id, a.created_time
  from application a
  left join lateral (
    select client_id from credential where application_id = a.id order by created_time, client_id limit 1
  ) c on true`

function toSummary(row: Row): ApplicationSummary {
  return {
    id: row[0] as number,
    name: row[1] as string,
    key: row[2] as string,
    clientId: row[3] as string | null,
    createdTime: row[4] as string,
  }
}

/** Every application, oldest first. */
export async function listApplicationRows(db: Db): Promise<ApplicationSummary[]> {
  const rows = await db.query({ text: `${summaryStatement} order by a.id` }, [])
  return rows.map(toSummary)
}

/** The application with this id, or else this API key or client id. */
export async function findApplicationBy(db: Db, reference: string): Promise<ApplicationSummary | undefined> {
  const where = `a.id::text = $1 or a.key::text = lower($1)
    or a.id = (select application_id from credential where client_id = $1)`
  const [row] = await db.query({ text: `${summaryStatement} where ${where} order by a.id::text <> $1` }, [
    reference,
  ])
  return row && toSummary(row)
}

/** Those of the ids that applications have. */
export async function existingApplications(db: Db, ids: number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db.query({ text: 'select id from application where id = any($1::bigint[])' }, [ids])
  return new Set(rows.map((row) => row[0] as number))
}

/** Takes away every way into an application; who is connected is shown out soon. */
export async function closeApplication(tx: Tx, id: number): Promise<void> {
  await tx.prisma.application.update({
    where: { id: BigInt(id) },
    data: { closedTime: new Date() },
    select: { id: true },
  })
  await tx.prisma.credential.deleteMany({ where: { applicationId: BigInt(id) } })
  // An import locks its job before anything else: taken first here too, or the two wait for each other.
  await tx.prisma.job.deleteMany({ where: { applicationId: BigInt(id) } })
}

/** SQL text for the counters that an owner has. */
function scopesOf(owner: ReturnType<typeof ownerOf>): string {
  const scopes = new Set<CounterScope>(Object.values(eventCounters).flat())
  return [...scopes]
    .filter((scope) => ownerOf(scope) === owner)
    .map((scope) => `'${scope}'`)
    .join(', ')
}

/** Each removes a few rows at a time, and so holds nobody up; what others refer to comes last. */
const emptyingStatements = [
  `delete from message where id in (select id from message where application_id = $1 limit 10000)`,
  `with threads as (
     select t.id from thread t join counter n on n.scope in (${scopesOf('thread')}) and n.scope_id = t.id
     where t.application_id = $1 limit 10000
   )
   delete from counter where scope in (${scopesOf('thread')}) and scope_id in (select id from threads)`,
  `with gone as (
     delete from channel where id in (select id from channel where application_id = $1 limit 200) returning id
   ), forgotten as (
     delete from counter where scope in (${scopesOf('channel')}) and scope_id in (select id from gone)
   )
   select id from gone`,
  `delete from "user" where id in (select id from "user" where application_id = $1 limit 2000)`,
  `delete from function_run where id in (select id from function_run where application_id = $1 limit 10000)`,
  `delete from function_invocation where id in (
     select i.id from function_invocation i join "function" f on f.id = i.function_id
     where f.application_id = $1 limit 10000
   )`,
  `delete from counter where scope = 'function.invocations'
     and scope_id in (select id from "function" where application_id = $1)`,
  `delete from idempotency_key where ctid in (
     select ctid from idempotency_key where application_id = $1 limit 10000
   )`,
]

/** Deletes all that grows in an application, in many commits: one that is cut off is just not done. */
export async function emptyApplication(db: Database, id: number): Promise<void> {
  for (const text of emptyingStatements) {
    while (((await db.pool.query(text, [id])).rowCount ?? 0) > 0);
  }
}

/** Deletes an application with whatever is left in it. */
export async function deleteApplicationRow(tx: Tx, id: number): Promise<void> {
  await tx.prisma.channel.deleteMany({ where: { applicationId: BigInt(id) } })
  await tx.prisma.outboxEvent.deleteMany({ where: { applicationId: BigInt(id) } })
  await tx.prisma.counter.deleteMany({
    where: { scope: { startsWith: 'application.' }, scopeId: BigInt(id) },
  })
  await tx.prisma.application.delete({ where: { id: BigInt(id) }, select: { id: true } })
}
