import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import { likePatterns } from '#data/lists.ts'
import {
  addErased,
  type DeliveryRow,
  expireExports,
  findDeliveriesAbout,
  findErased,
  findImportKeys,
  findLeft,
  forgetDeliveries,
  forgetTerms,
  hasEvents,
  hashImportKeys,
  type ImportKey,
  ownTables,
  redactMessagesBy,
  removeMessagesBy,
  removeOwn,
} from '#data/persons/erasure.ts'
import {
  findNamingRows,
  type NamingRow,
  namingTables,
  openAudit,
  repeatingTables,
  rewriteRow,
} from '#data/persons/naming-rows.ts'
import { texts, webhookBody } from '#data/persons/texts.ts'
import { removeTrace, tracesOfUsers } from '#data/removal/traces.ts'
import { theSystem } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { forgettingItems } from '#domain/persons/forget-moved-items.ts'
import { type Redactor, redactorOf } from '#domain/persons/redactor.ts'
import { batchMax, inBatches } from '#domain/removal/in-batches.ts'
import { removalOf } from '#domain/removal/removal-of.ts'

/** Removes a batch of one kind of rows. @returns how many, and whether more may be left */
type Kind = (tx: Tx) => Promise<{ count: number; more: boolean }>

/**
 * Removes everything that names an erased person, and records a certificate in the audit: what was done, how many rows
 * of each table, how many scripts and URLs still name the person, the times of the start and the end, and the SHA-256
 * of all that. If interrupted, it starts over with what is left.
 */
export async function erasePerson(ctx: Context, begun: RunningJob, signal: AbortSignal): Promise<void> {
  const { applicationId, userId = 0, terms = [], messages = 'keep' } = begun
  let job = begun
  const erase = async (table: string, kind: Kind) => {
    job = await inBatches(ctx, job, signal, async (tx) => {
      const { count, more } = await kind(tx)
      await addErased(tx, job.id, table, count)
      return { counted: count, more }
    })
  }
  for (const trace of tracesOfUsers) {
    await erase(trace, async (tx) => full(await removeTrace(tx, trace, userId, batchMax)))
  }
  if (messages !== 'keep') await erase('message', removing(begun, messages === 'redact'))
  if (messages === 'redact') await erase('message', redacting(begun))
  for (const table of ownTables) {
    const input = { userId, applicationId, limit: batchMax }
    await erase(table, async (tx) => full(await removeOwn(tx, table, input)))
  }
  const patterns = likePatterns(terms)
  const redactor = redactorOf(terms, userId)
  await erase('idempotency_key', hashing(begun, redactor, patterns))
  await erase('moved_item', forgettingItems(begun, redactor, patterns))
  await erase('file', async (tx) => ({ count: await expireExports(tx, applicationId, job.id), more: false }))
  for (const table of namingTables) await erase(table, rewriting(begun, table, redactor, patterns))
  // Deliveries in progress may rest on data removed above, so they are searched once all events are published.
  await isPublished(ctx, applicationId, signal)
  await erase('webhook_delivery', forgetting(begun, redactor, patterns))
  for (const table of repeatingTables) await erase(table, rewriting(begun, table, redactor, patterns))
  await finish(ctx, job, patterns)
}

/** Resolves when an application's events are taken and had time to be delivered; or after ten seconds. */
async function isPublished(ctx: Context, applicationId: number, signal: AbortSignal): Promise<void> {
  for (let looks = 0; looks < looksMax && (await hasEvents(ctx.db, applicationId)); looks += 1) {
    await sleep(lookMs, undefined, { signal })
  }
  await sleep(lookMs, undefined, { signal })
}

const lookMs = 250
const looksMax = 40

/** Replaces import keys that name the person by their hashes. */
function hashing({ applicationId }: RunningJob, redact: Redactor, patterns: string[]): Kind {
  let after: ImportKey | undefined
  return async (tx) => {
    const { rows, next } = await findImportKeys(tx, { applicationId, patterns, after, limit: batchMax })
    const named = rows.filter(({ key }) => redact('text', key) !== key)
    const count = named.length === 0 ? 0 : await hashImportKeys(tx, applicationId, named)
    after = next
    return { count, more: next !== undefined }
  }
}

/** Removes webhook deliveries about the person. */
function forgetting(
  { applicationId, userId = 0, messages }: RunningJob,
  redactor: Redactor,
  patterns: string[],
): Kind {
  let after = 0
  return async (tx) => {
    const input = { applicationId, userId, patterns, after, limit: batchMax }
    const { rows, next } = await findDeliveriesAbout(tx, input)
    const about = rows.filter((row) => isAbout(row, userId, redactor)).map(({ id }) => id)
    const count = about.length === 0 ? 0 : await forgetDeliveries(tx, about, messages !== 'keep')
    after = next ?? after
    return { count, more: next !== undefined }
  }
}

/** Returns whether the person caused the delivery, is its subject, or is named in a text of it. */
function isAbout({ payload, body, attempts }: DeliveryRow, userId: number, redact: Redactor): boolean {
  if (payload.userId === userId || payload.by === userId) return true
  const parts = { payload, attempts, body: body === null ? null : JSON.parse(body) }
  const kinds = { ...texts.webhook_delivery, body: webhookBody }
  return JSON.stringify(redact(kinds, parts)) !== JSON.stringify(parts)
}

const full = (count: number) => ({ count, more: count >= batchMax })

function removing({ applicationId, userId = 0 }: RunningJob, filesOnly: boolean): Kind {
  return async (tx) => {
    const gone = await removeMessagesBy(tx, userId, { filesOnly, limit: batchMax })
    await tx.emit(...gone.map((each) => removalOf(applicationId, each)))
    return full(gone.reduce((sum, { removed }) => sum + removed, 0))
  }
}

function redacting({ userId = 0 }: RunningJob): Kind {
  let after = 0
  return async (tx) => {
    const { last, count } = await redactMessagesBy(tx, userId, after, batchMax)
    after = last ?? after
    return full(count)
  }
}

/** Removes the person from texts that others wrote, or that repeat the person's messages. */
function rewriting(
  { applicationId, userId = 0 }: RunningJob,
  table: string,
  redactor: Redactor,
  patterns: string[],
): Kind {
  let after = 0
  return async (tx) => {
    if (table === 'audit_entry') await openAudit(tx)
    const { rows, next } = await findNamingRows(tx, table, { applicationId, patterns, userId, after })
    let count = 0
    for (const row of rows) {
      const without = redacted(table, row, redactor)
      if (without && (await rewriteRow(tx, table, without))) count += 1
    }
    after = next ?? after
    return { count, more: next !== undefined }
  }
}

/** Returns undefined if nothing in the row names the person. */
function redacted(table: string, row: NamingRow, redact: Redactor): NamingRow | undefined {
  const columns = redact(texts[table] ?? {}, row.columns) as NamingRow['columns']
  if (JSON.stringify(columns) === JSON.stringify(row.columns)) return undefined
  // Names of channels are unique.
  if (table === 'channel' && columns.name !== row.columns.name) columns.name = `${columns.name}-${row.id}`
  return { ...row, columns }
}

/** Returns JSON with sorted keys, which anybody can reproduce, because the audit does not keep their order. */
function inOrder(value: object): string {
  const sorted = (_: string, each: unknown) =>
    typeof each === 'object' && each !== null ? Object.fromEntries(Object.entries(each).toSorted()) : each
  return JSON.stringify(value, sorted)
}

async function finish(ctx: Context, job: RunningJob, patterns: string[]): Promise<void> {
  const { id, applicationId, userId = 0, messages = 'keep' } = job
  await ctx.db.transact(async (tx) => {
    const { rows, startedTime } = await findErased(tx, id)
    const times = {
      startedTime: new Date(startedTime).toISOString(),
      endedTime: new Date(ctx.clock.now()).toISOString(),
    }
    const left = await findLeft(tx, applicationId, patterns)
    const certificate = { applicationId, userId, messages, rows, left, ...times }
    const sha256 = createHash('sha256').update(inOrder(certificate)).digest('hex')
    await noteAct(tx, theSystem, {
      action: 'user.erased',
      applicationId,
      target: { type: 'user', id: userId },
      details: { ...certificate, sha256 },
    })
    await forgetTerms(tx, id)
  })
  await endJob(ctx, job, { state: 'FINISHED' })
}
