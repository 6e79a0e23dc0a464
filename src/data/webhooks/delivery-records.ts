// Deliveries of webhooks as operators see, repeat and delete them; deliveries.ts is the queue.
import {
  type Columns,
  column,
  columnsOf,
  int8,
  jsonb,
  mapped,
  oneOf,
  optional,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { finder, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset, nextAfter, pageColumns } from '#data/keyset.ts'
import type { ListPart } from '#resources/admin/list.ts'
import type { Delivery, DeliveryAttempt, DeliveryState } from '#resources/webhook.ts'

const { sql } = Prisma

const columns: Columns<Delivery> = select({
  ...columnsOf(
    {
      id: int8,
      messageId: text,
      type: text,
      attempts: jsonb<DeliveryAttempt[]>(),
      createdTime: timestamptz,
    },
    'd',
  ),
  state: column(oneOf<DeliveryState>(), 'lower(d.state::text)'),
  body: column(optional(text), 'd.body'),
  nextTime: column(optional(timestamptz), `case when d.state = 'PENDING' then d.next_time end`),
  endTime: column(optional(timestamptz), 'd.end_time'),
})

/** Lists deliveries of a webhook, newest first. */
export function listDeliveryRows(
  db: Querier,
  webhookId: number,
  state: DeliveryState | undefined,
  request: KeysetRequest,
): Promise<ListPart<Delivery>> {
  return listKeyset(
    db,
    {
      from: sql`webhook_delivery d`,
      where: [
        sql`d.webhook_id = ${webhookId}`,
        ...(state === undefined ? [] : [sql`d.state = ${state.toUpperCase()}::delivery_state`]),
      ],
      key: [['d.id', 'bigint']],
      descending: true,
      columns,
    },
    request,
  )
}

/** Returns a delivery with the id and URL of its webhook. */
export const findLiveDelivery = finder(
  reading(
    'find-live-delivery',
    mapped(
      select({ delivery: columns, webhook: select(columnsOf({ id: int8, url: text }, 'w')) }),
      ({ delivery, webhook }) => ({ ...delivery, webhook }),
    ),
    (columns) => `
      select ${columns} from webhook_delivery d join webhook w on w.id = d.webhook_id
      where d.id = $2 and w.application_id = $1`,
  ),
)

/** Queues a delivery that no event causes. */
export function insertDelivery(
  db: Querier,
  webhookId: number,
  type: string,
  body: string,
): Promise<Delivery> {
  return db.single(insertStatement, [webhookId, type, body])
}

const insertStatement = reading(
  'insert-webhook-delivery',
  columns,
  (columns) => `
    insert into webhook_delivery as d (webhook_id, type, body) values ($1, $2, $3) returning ${columns}`,
)

/** Makes a delivery pending again, with the same id. @returns the delivery, or undefined if there is none */
export async function replayDeliveryRow(
  tx: Tx,
  webhookId: number,
  id: number,
): Promise<Delivery | undefined> {
  return tx.one(replayStatement, [webhookId, id])
}

const again = `state = 'PENDING', next_time = chatterie_clock(), end_time = null, attempts = '[]'`
const replayStatement = reading(
  'replay-webhook-delivery',
  columns,
  (columns) => `
    update webhook_delivery d set ${again} where d.webhook_id = $1 and d.id = $2 returning ${columns}`,
)

/** Which deliveries of a webhook to replay: those of a period, in some state or in any. */
export interface ReplayedPeriod {
  from: string
  to: string
  state?: DeliveryState | undefined
}

/**
 * Makes up to `limit` deliveries of a period with an id above `after` pending again, in order of id.
 * @returns how many, and the id after which the others begin, if there may be others
 */
export async function replayDeliveryRows(
  db: Querier,
  webhookId: number,
  { from, to, state }: ReplayedPeriod,
  { after, limit }: { after: number; limit: number },
): Promise<{ count: number; next: number | undefined }> {
  const values = [webhookId, from, to, state?.toUpperCase() ?? null, after, limit]
  const page = await db.single(replayAllStatement, values)
  return { count: page.size, next: nextAfter(page, limit) }
}

/** Index: webhook_delivery (webhook_id, id). */
const replayAllStatement = reading(
  'replay-webhook-deliveries',
  select(pageColumns),
  (columns) => `
    with page as materialized (
      select id from webhook_delivery
      where webhook_id = $1 and id > $5 and created_time >= $2::timestamptz and created_time < $3::timestamptz
        and ($4::text is null or state = $4::delivery_state)
      order by id limit $6::int for update
    ), replayed as (
      update webhook_delivery d set ${again} from page where d.id = page.id
    )
    select ${columns}`,
)

/** Deletes up to `limit` deliveries of a webhook. @returns how many */
export function deleteDeliveries(
  db: Querier,
  applicationId: number,
  webhookId: number,
  limit: number,
): Promise<number> {
  return db.run(deleteDeliveriesStatement, [applicationId, webhookId, limit])
}

const deleteDeliveriesStatement = {
  name: 'delete-webhook-deliveries',
  text: `
    delete from webhook_delivery where id = any(array(
      select d.id from webhook w join webhook_delivery d on d.webhook_id = w.id
      where w.application_id = $1 and w.id = $2 order by d.id limit $3::int))`,
}

/** Deletes ended deliveries older than `days` days, oldest first. @returns how many */
export function forgetDeliveries(db: Querier, days: number, limit: number): Promise<number> {
  return db.run(forgetStatement, [days, limit])
}

const forgetStatement = {
  name: 'forget-webhook-deliveries',
  text: `
    delete from webhook_delivery where id = any(array(
      select id from webhook_delivery
      where created_time < chatterie_clock() - $1::int * interval '1 day' and state <> 'PENDING'
      order by created_time limit $2::int))`,
}
