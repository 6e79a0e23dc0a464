// Takes events out of the outbox, in order, and applies all of their effects: one statement, one commit. Indexes: the
// primary keys of outbox_event and counter, user_session_active and user_session_recent. One event takes 0.3 ms of
// processor time, 500 take 50 ms.
import {
  type Columns,
  column,
  columnsOf,
  int8,
  joined,
  jsonb,
  nullable,
  oneOf,
  select,
} from '#data/columns.ts'
import { counterMoves } from '#data/events/counters.ts'
import { dispatchBatchMax, keptMinutes } from '#data/events/limits.ts'
import { leadPart } from '#data/events/node.ts'
import { askForDeliveriesParts } from '#data/sql/ask-for-deliveries.ts'
import { askForRunsParts } from '#data/sql/ask-for-runs.ts'
import { channelActivityParts } from '#data/sql/channel-activity.ts'
import { inList } from '#data/sql/in-list.ts'
import { type CommittedEvent, type EventType, eventsWith } from '#resources/events.ts'

export const loggedShape = {
  position: int8,
  applicationId: int8,
  type: oneOf<CommittedEvent['type']>(),
  channelId: nullable(int8),
  threadId: nullable(int8),
  payload: jsonb<CommittedEvent['payload']>(),
}
/** The columns of the event log, read from `logged`. */
export const loggedColumns: Columns<CommittedEvent> = select(columnsOf(loggedShape, 'logged'))

/** The numbers of events taken and of their effects, with each event that was logged. */
export const takenColumns = select({
  leads: column(int8, '(select count(*) from lead)'),
  taken: column(int8, '(select count(*) from taken)'),
  tasks: column(int8, '(select count(*) from tasks)'),
  asked: column(int8, '(select count(*) from asked)'),
  sent: column(int8, '(select count(*) from sent)'),
  /** Microseconds since the event was written; positions are assigned in the order of ids. */
  age: column(
    nullable(int8),
    `(select array_agg((extract(epoch from chatterie_clock() - created_time) * 1000000)::int8 order by id)
      from taken where application_id in (select id from heard)
     )[row_number() over (order by position)]`,
  ),
  event: joined(loggedColumns),
})

/** SQL text: the columns that are read from the event log. */
export const eventColumns = 'position, application_id, type, channel_id, thread_id, payload'

const moves = counterMoves.map(({ type, scope, owner }) => `('${type}', '${scope}', '${owner}')`).join(', ')

// Subqueries with values instead of `exists`, and `offset 0`: the plan is cached, and one made while nobody was
// connected or a member must not read all sessions or memberships later on.

/** What is done with all events in `taken`, whatever their type. */
const keptParts = `
  moved as (
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
  ), heard as (
    select a.id from (select distinct application_id as id from taken) a
    where coalesce(
      (select true from user_session us where us.application_id = a.id and us.state = 'ACTIVE' limit 1),
      (select true from user_session us
       where us.application_id = a.id and us.end_time > chatterie_clock() - interval '${keptMinutes} minutes' limit 1),
      (select true from live_watch w
       where w.application_id = a.id and w.expires_time > chatterie_clock() limit 1),
      -- the journal of a world has its events, whether anybody listens or not
      (select true from world w where w.application_id = a.id limit 1))
  ), logged as (
    insert into event_log (application_id, type, channel_id, thread_id, payload)
    select application_id, type, channel_id, thread_id, payload from taken
    where application_id in (select id from heard) order by taken.id
    returning ${eventColumns}
  )`

/** SQL text: the effects of taken events. */
const effectParts = `
  tasks as (
    insert into notification_task (message_id)
    select (t.payload ->> 'messageId')::bigint from taken t
    where t.type in ${inList(eventsWith('notifies members'))} and t.payload ? 'messageId'
      and (select true from channel_membership cm where cm.channel_id = t.channel_id limit 1)
    on conflict (message_id) do nothing
    returning 1
  ), unhidden as (
    update channel_membership cm set hidden = false from (
      select distinct application_id, channel_id from taken where type in ${inList(eventsWith('unhides channel'))}
    ) t cross join lateral (
      select hidden.channel_id, hidden.user_id from channel_membership hidden
      where hidden.channel_id = t.channel_id and hidden.hidden offset 0
    ) h
    where cm.channel_id = h.channel_id and cm.user_id = h.user_id and cm.hidden
    returning t.application_id, cm.channel_id, cm.user_id
  ), shown as (
    insert into outbox_event (application_id, type, channel_id, payload)
    select application_id, '${'channel.membership.changed' satisfies EventType}', channel_id,
           jsonb_build_object('userId', user_id, 'change', 'unhidden') from unhidden
  ), ${channelActivityParts(String(dispatchBatchMax))}, ${askForRunsParts},
  ${askForDeliveriesParts}`

const noEffectParts =
  'tasks as (select where false), asked as (select where false), sent as (select where false)'

// If nobody listens to the events, the commit does not wait for the disk, for which sends would wait in turn. If
// Postgres crashes and loses it, the events are simply not taken yet. Otherwise it waits, because events that are
// published must not be taken and published again.
// The array is computed once. A subquery may be computed for each row, as Postgres thinks cheapest for a table that was
// empty when it was last vacuumed; each time, its limit would find other rows than those already taken.
const taking = (which: string, effects: string) => `
  with ${leadPart('$1', '$2')}, taken as (
    delete from outbox_event where id = any(array(
      select id from outbox_event where exists (select from lead) and ${which} for update skip locked
    )) returning *
  ), ${keptParts}, ${effects}, lazily as (
    select case when not exists (select from heard) then set_config('synchronous_commit', 'off', true) end
  )
  select ${takenColumns.text}
  from lazily left join logged on true order by position`

/**
 * Takes the oldest events, at most `max`. Values: $1 and $2 the lead. The number is part of the text: Postgres
 * estimates a plan for any number as more expensive than one for this number, and so planned each batch anew, which
 * took five times as long as the batch (1.6 ms of processor time for one event, and 0.3 ms now).
 */
export function takeEventsStatement(max: number) {
  const text = taking(`true order by id limit ${max}`, effectParts)
  const prepared = { name: 'take-events', line: 'events' } as const
  return { ...(max === dispatchBatchMax && prepared), text, columns: takenColumns }
}
/** Values: $1 and $2 the lead, $3 the event. */
export const takeOneEventStatement = { text: taking('id = $3', effectParts), columns: takenColumns }
/** The same without effects. */
export const takeAsideStatement = { text: taking('id = $3', noEffectParts), columns: takenColumns }
