// The events that committed and are not yet told.
import { counterMoves } from '#data/counters.ts'
import type { Db } from '#data/database.ts'
import type { EventType } from '#resources/events.ts'

export interface OutboxEvent {
  id: number
  applicationId: number
  type: EventType
  channelId: number | null
  payload: Record<string, unknown>
}

export const dispatchBatchMax = 500

/**
 * Takes up to {@link dispatchBatchMax} events, oldest first, adds them to their counters, and notes the messages that
 * members are to be told of, in one commit. Several
 * processes may do so at once: each row is taken by one of them. Counters are locked in one order, so none waits in
 * a circle.
 */
export async function takeEvents(db: Db): Promise<OutboxEvent[]> {
  const rows = await db.query(takeStatement, [dispatchBatchMax])
  return rows.map((row) => ({
    id: row[0] as number,
    applicationId: row[1] as number,
    type: row[2] as EventType,
    channelId: row[3] as number | null,
    payload: row[4] as Record<string, unknown>,
  }))
}

const moves = counterMoves.map(({ type, scope, owner }) => `('${type}', '${scope}', '${owner}')`).join(', ')

// Its commit does not wait for the disk, for which sends are waiting in turn: a crash of Postgres that loses it leaves
// all as if the events had not been taken.
const takeStatement = {
  name: 'take-events',
  text: `
    with lazily as (
      select set_config('synchronous_commit', 'off', true)
    ), taken as (
      delete from outbox_event where id in (
        select id from outbox_event order by id limit $1 for update skip locked
      ) returning *
    ), moved as (
      select m.scope,
             case m.owner when 'application' then t.application_id when 'channel' then t.channel_id else t.thread_id end
               as scope_id,
             sum(t.count) as change
      from taken t join (values ${moves}) m (type, scope, owner) on m.type = t.type
      where t.count <> 0
      group by 1, 2
    ), folded as (
      insert into counter (scope, scope_id, value)
      select scope, scope_id, change from moved where scope_id is not null order by scope, scope_id
      on conflict (scope, scope_id) do update set value = counter.value + excluded.value
    ), tasks as (
      insert into notification_task (message_id)
      select (t.payload ->> 'messageId')::bigint from taken t
      where t.type in ('channel.message.created', 'thread.message.created') and t.payload ? 'messageId'
        and exists (select from channel_membership cm where cm.channel_id = t.channel_id)
      on conflict (message_id) do nothing
    )
    select id, application_id, type, channel_id, payload from lazily, taken order by id`,
}
