// The queue of deliveries of webhooks; delivery-records.ts is what operators see of it.
import { bytea, column, columnsOf, int8, jsonb, nullable, select, text, timestamptz } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import { previousSecretColumn } from '#data/webhooks/webhooks.ts'
import type { EventPayload } from '#resources/events.ts'
import type { DeliveryAttempt, DeliveryState, WebhookType } from '#resources/webhook.ts'

/** Queues a delivery to each webhook of an application that subscribes to the type. */
export async function askForDeliveries(
  tx: Tx,
  applicationId: number,
  type: WebhookType,
  payload: Record<string, unknown>,
): Promise<void> {
  await tx.run(queueStatement, [applicationId, type, JSON.stringify(payload)])
}

const queueStatement = {
  name: 'ask-for-webhook-deliveries',
  text: `
    insert into webhook_delivery (webhook_id, type, payload)
    select id, $2::text, $3::jsonb from webhook
    where application_id = $1 and enabled and events && array['*', $2::text]`,
}

/** A delivery that is due, with what is needed to send it. */
export interface DueDelivery {
  id: number
  webhookId: number
  applicationId: number
  url: string
  messageId: string
  type: string
  channelId: number | null
  payload: EventPayload
  body: string | null
  attempts: DeliveryAttempt[]
  createdTime: string
  secret: Uint8Array<ArrayBuffer>
  /** Signs the request in addition, during a rotation. */
  previousSecret: Uint8Array<ArrayBuffer> | null
}

/**
 * Returns due deliveries, those of each webhook in the order of events. If there are too many, those of the webhooks
 * with the fewest deliveries in progress come first.
 * @param busy how many deliveries of each webhook this process is sending
 * @param underWay the ids of these deliveries
 */
export function dueDeliveries(
  db: Querier,
  busy: ReadonlyMap<number, number>,
  underWay: number[],
  { perWebhook, total }: { perWebhook: number; total: number },
): Promise<DueDelivery[]> {
  return db.all(dueStatement, [[...busy.keys()], [...busy.values()], underWay, perWebhook, total])
}

// Index: webhook_delivery_due.
const dueStatement = reading(
  'due-webhook-deliveries',
  select({
    ...columnsOf(
      {
        id: int8,
        webhookId: int8,
        messageId: text,
        type: text,
        channelId: nullable(int8),
        payload: jsonb<EventPayload>(),
        body: nullable(text),
        attempts: jsonb<DeliveryAttempt[]>(),
        createdTime: timestamptz,
      },
      'd',
    ),
    applicationId: column(int8, 'w.application_id'),
    url: column(text, 'w.url'),
    secret: column(bytea, 'w.secret'),
    previousSecret: previousSecretColumn,
  }),
  (columns) => `
    with due as materialized (
      select d.id, coalesce(b.count, 0) + d.nth as place
      from webhook w
      left join unnest($1::bigint[], $2::int[]) b (id, count) on b.id = w.id
      cross join lateral (
        select d.id, row_number() over (order by d.next_time, d.id) as nth from webhook_delivery d
        where d.webhook_id = w.id and d.state = 'PENDING' and d.next_time <= chatterie_clock()
          and d.id <> all($3::bigint[])
        order by d.next_time, d.id limit greatest($4::int - coalesce(b.count, 0), 0)
      ) d
      where w.enabled
      order by place, d.id limit $5::int
    )
    select ${columns}
    from webhook_delivery d join webhook w on w.id = d.webhook_id
    where d.id = any(array(select id from due))
    order by d.id`,
)

export async function keepBody(db: Querier, id: number, body: string): Promise<void> {
  await db.run({ name: 'keep-webhook-body', text: 'update webhook_delivery set body = $2 where id = $1' }, [
    id,
    body,
  ])
}

/** Postpones a delivery by `ms` milliseconds, whatever the outcome of an attempt in progress. */
export async function postponeDelivery(db: Querier, id: number, ms: number): Promise<void> {
  await db.run(postponeStatement, [id, ms])
}

const postponeStatement = {
  name: 'postpone-webhook-delivery',
  text: `update webhook_delivery set next_time = chatterie_clock() + $2::float8 * interval '1 ms' where id = $1`,
}

/** Marks a delivery as failed, without another attempt. */
export async function giveUpDelivery(db: Querier, id: number, attempt: DeliveryAttempt): Promise<void> {
  await db.run(giveUpStatement, [id, JSON.stringify([attempt])])
}

const giveUpStatement = {
  name: 'give-up-webhook-delivery',
  text: `
    update webhook_delivery set state = 'FAILED', attempts = attempts || $2::jsonb, end_time = chatterie_clock()
    where id = $1`,
}

export interface AttemptResult {
  attempt: DeliveryAttempt
  state: DeliveryState
  /** Milliseconds until the next attempt, if there is one. */
  againInMs?: number
}

/**
 * Records an attempt, unless the delivery has ended: a process that was frozen during its attempt lost the lead, and the
 * next leader has sent the delivery.
 * @returns the time since when the webhook has been failing, null if it is not; undefined if nothing was recorded
 */
export function noteAttempt(
  db: Querier,
  { id, webhookId }: Pick<DueDelivery, 'id' | 'webhookId'>,
  { attempt, state, againInMs = 0 }: AttemptResult,
): Promise<string | null | undefined> {
  return db.one(noteStatement, [
    id,
    JSON.stringify([attempt]),
    state.toUpperCase(),
    againInMs,
    state === 'delivered',
    webhookId,
  ])
}

/**
 * Writes the webhook only when it starts or stops failing, so that its attempts do not wait for each other; and before
 * the delivery, in the same lock order as the deletion of a webhook.
 */
const noteStatement = reading(
  'note-webhook-attempt',
  column(nullable(timestamptz), 'failing_since'),
  (columns) => `
    with known as materialized (
      select w.id, w.failing_since from webhook w
      where w.id = $6 and exists (
        select from webhook_delivery d where d.id = $1 and d.webhook_id = $6 and d.state = 'PENDING')
    ), changed as (
      update webhook w set failing_since = case when $5::boolean then null else coalesce(w.failing_since, chatterie_clock()) end
      from known where w.id = known.id and (known.failing_since is null) <> $5::boolean
      returning w.id, w.failing_since
    ), tried as materialized (
      select k.id, case when c.id is null then k.failing_since else c.failing_since end as failing_since
      from known k left join changed c on c.id = k.id
    ), noted as (
      update webhook_delivery d set attempts = attempts || $2::jsonb, state = $3::delivery_state,
        next_time = chatterie_clock() + $4::float8 * interval '1 ms',
        end_time = case when $3 <> 'PENDING' then chatterie_clock() end
      from tried where d.id = $1 and d.webhook_id = tried.id and d.state = 'PENDING'
      returning d.id
    )
    select ${columns} from tried where exists (select from noted)`,
)
