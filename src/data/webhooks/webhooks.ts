import {
  bool,
  bytea,
  type Columns,
  column,
  columnsOf,
  int8,
  jsonb,
  nullable,
  optional,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { finder, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import type { ListPart } from '#resources/admin/list.ts'
import { blockingType } from '#resources/function.ts'
import { listening, type Webhook } from '#resources/webhook.ts'

const columns: Columns<Webhook> = select({
  ...columnsOf({ id: int8, url: text, enabled: bool, createdTime: timestamptz }, 'w'),
  events: column(jsonb<string[]>(), 'to_jsonb(w.events)'),
  ...columnsOf({ description: optional(text), failingSince: optional(timestamptz) }, 'w'),
})

/** Lists the webhooks of an application, newest first. */
export function listWebhookRows(
  db: Querier,
  applicationId: number,
  request: KeysetRequest,
): Promise<ListPart<Webhook>> {
  return listKeyset(
    db,
    {
      from: Prisma.sql`webhook w`,
      where: [Prisma.sql`w.application_id = ${applicationId}`],
      key: [['w.id', 'bigint']],
      descending: true,
      columns,
    },
    request,
  )
}

export const findWebhook = finder(
  reading(
    'find-webhook',
    columns,
    (columns) => `select ${columns} from webhook w where w.application_id = $1 and w.id = $2`,
  ),
)

export interface WebhookFields {
  url: string
  events: string[]
  description: string | null
  enabled: boolean
}

/** Inserts a webhook without a secret, which must be written in the same transaction. */
export function insertWebhook(tx: Tx, applicationId: number, fields: WebhookFields): Promise<Webhook> {
  const { url, events, description, enabled } = fields
  return tx.single(insertStatement, [applicationId, url, events, description, enabled])
}

const insertStatement = reading(
  'insert-webhook',
  columns,
  (columns) => `
    insert into webhook as w (application_id, url, events, description, enabled, secret)
    values ($1, $2, $3::text[], $4, $5, '') returning ${columns}`,
)

/** Updates a webhook. Enabling it resets `failingSince`. @returns undefined if it no longer exists */
export function updateWebhookRow(
  tx: Tx,
  id: number,
  { url, events, description, enabled }: WebhookFields,
): Promise<Webhook | undefined> {
  return tx.one(updateStatement, [id, url, events, description, enabled])
}

const updateStatement = reading(
  'update-webhook',
  columns,
  (columns) => `
    update webhook w set url = $2, events = $3::text[], description = $4, enabled = $5,
      failing_since = case when w.enabled then w.failing_since end
    where w.id = $1 returning ${columns}`,
)

export async function deleteWebhookRow(tx: Tx, applicationId: number, id: number): Promise<boolean> {
  return (await tx.run(deleteStatement, [applicationId, id])) > 0
}

const deleteStatement = {
  name: 'delete-webhook',
  text: 'delete from webhook where application_id = $1 and id = $2',
}

export interface SealedSecrets {
  secret: Uint8Array<ArrayBuffer>
  /** The secrets that it replaced, sealed together; see domain/webhooks/webhook-secrets.ts. */
  previousSecret: Uint8Array<ArrayBuffer> | null
}

/** A webhook that is asked for a decision before something happens. */
export interface DecidingWebhook extends SealedSecrets {
  id: number
  url: string
}

/** Returns the webhooks that subscribe to a type by name and so decide, oldest first. */
export function decidingWebhooks(
  db: Querier,
  applicationId: number,
  type: string,
): Promise<DecidingWebhook[]> {
  return db.all(decidingStatement, [applicationId, type, listening])
}

/** The secret before the last rotation of webhook `w`, while deliveries are still signed with it. */
export const previousSecretColumn = column(
  nullable(bytea),
  'case when w.previous_until > chatterie_clock() then w.previous_secret end',
)

const decidingStatement = reading(
  'deciding-webhooks',
  select({
    ...columnsOf({ id: int8, url: text, secret: bytea }, 'w'),
    previousSecret: previousSecretColumn,
  }),
  (columns) => `
    select ${columns} from webhook w
    where w.application_id = $1 and w.enabled and $2::text = any(w.events) and w.url <> $3 order by w.id`,
)

/** Deletes the webhooks of all applications that were created with this URL more than `hours` hours ago. */
export async function deleteWebhooksAt(db: Querier, url: string, hours: number): Promise<void> {
  await db.run(deleteAtStatement, [url, hours])
}

const deleteAtStatement = {
  name: 'delete-webhooks-at',
  text: `delete from webhook where url = $1 and created_time < chatterie_clock() - $2::int * interval '1 hour'`,
}

/** Locks a webhook. @returns its sealed secrets, the previous ones only if one of them is still valid */
export function lockWebhookSecrets(tx: Tx, id: number): Promise<SealedSecrets> {
  return tx.single(lockSecretsStatement, [id])
}

const lockSecretsStatement = reading(
  'lock-webhook-secrets',
  select({ secret: column(bytea, 'w.secret'), previousSecret: previousSecretColumn }),
  (columns) => `select ${columns} from webhook w where w.id = $1 for update`,
)

/** @param overlapMs for how many milliseconds the last of the previous secrets is valid */
export async function writeWebhookSecrets(
  tx: Tx,
  id: number,
  { secret, previousSecret }: SealedSecrets,
  overlapMs: number,
): Promise<void> {
  await tx.run(secretStatement, [id, secret, previousSecret, overlapMs])
}

const secretStatement = {
  name: 'write-webhook-secrets',
  text: `
    update webhook set secret = $2, previous_secret = $3,
      previous_until = case when $3::bytea is not null then chatterie_clock() + $4::bigint * interval '1 ms' end
    where id = $1`,
}

/** Disables a webhook, unless it decides who may connect, a check only operators may remove. @returns whether it did */
export async function switchWebhookOff(db: Querier, id: number): Promise<boolean> {
  return (await db.run(offStatement, [id])) > 0
}

const decides = `'${blockingType}' = any(events)`

const offStatement = {
  name: 'switch-webhook-off',
  text: `update webhook set enabled = false where id = $1 and enabled and not ${decides}`,
}

/** The encrypted secrets of a webhook. */
export interface SealedWebhook extends SealedSecrets {
  id: number
}

/** Returns webhooks with a secret that does not begin with `seal`, the prefix that the wanted key produces. */
export function findWebhookNotSealedWith(
  db: Querier,
  seal: Uint8Array,
  after: number,
): Promise<SealedWebhook | undefined> {
  return db.one(sealedElseStatement, [after, seal])
}

const sealedElseStatement = reading(
  'webhook-sealed-else',
  select(columnsOf({ id: int8, secret: bytea, previousSecret: nullable(bytea) }, 'w')),
  (columns) => `
    select ${columns} from webhook w
    where w.id > $1 and w.secret <> '' and (substring(w.secret from 1 for length($2::bytea)) <> $2::bytea
      or substring(w.previous_secret from 1 for length($2::bytea)) <> $2::bytea)
    order by w.id limit 1`,
)

/**
 * Replaces the secrets of a webhook unless they have changed meanwhile.
 * @param given null if the webhook can no longer sign: it is disabled or, if it decides who may connect, admits nobody
 */
export async function resealWebhook(
  db: Querier,
  { id, secret }: SealedWebhook,
  given: { secret: Uint8Array; previousSecret: Uint8Array | null } | null,
): Promise<void> {
  await db.run(resealStatement, [
    id,
    secret,
    given?.secret ?? new Uint8Array(),
    given?.previousSecret ?? null,
    given !== null,
  ])
}

const resealStatement = {
  name: 'reseal-webhook',
  text: `
    update webhook set secret = $3, previous_secret = $4, enabled = enabled and ($5::boolean or ${decides})
    where id = $1 and secret = $2`,
}
