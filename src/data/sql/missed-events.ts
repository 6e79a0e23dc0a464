// What a session missed while it was away, and what has yet to change what its user is to channels and to others.
// Indexes: the primary key of event_log, from the position on; outbox_event (application_id), which finds few. Of 1,000
// events that were logged meanwhile, what a user missed is found in 5 ms.
import { bool, column, columnsOf, int8, joined, nullable, select } from '#data/columns.ts'
import { reading } from '#data/database.ts'
import { inList } from '#data/sql/in-list.ts'
import { eventColumns, loggedColumns, loggedShape } from '#data/sql/take-events.ts'
import { type EventType, eventsWhere, eventsWith } from '#resources/events.ts'

/** SQL text: whether an event changes what a user is to channels and to others. @param among these alone */
function relating(userId: string, among?: ReadonlySet<EventType>): string {
  const says = {
    userId: `jsonb_build_object('userId', ${userId}::bigint)`,
    by: `jsonb_build_object('by', ${userId}::bigint)`,
    memberIds: `jsonb_build_object('memberIds', jsonb_build_array(${userId}::bigint))`,
  }
  return Object.entries(says)
    .flatMap(([key, said]) => {
      const types = [...eventsWhere(({ relates }) => relates === key)].filter(
        (type) => among?.has(type) ?? true,
      )
      return types.length === 0 ? [] : [`type in ${inList(types)} and payload @> ${said}`]
    })
    .join(' or ')
}

/** Values: $1 and $2 the positions behind and through which, $3 application, $4 user, $5 its channels, $6 how many. */
export const missedEventsStatement = reading(
  'events-for-user',
  select({ isForgotten: column(bool, 'kept.oldest > $1 + 1'), event: joined(loggedColumns) }),
  (columns) => `
    with gone as (
      select channel_id from event_log
      where position > $1 and position <= $2 and application_id = $3
        and (${relating('$4', eventsWith('ends membership'))})
    ), missed as (
      select ${eventColumns} from event_log
      where position > $1 and position <= $2 and application_id = $3
        and (channel_id = any($5::bigint[]) or payload @> jsonb_build_object('userId', $4::bigint)
          or payload @> jsonb_build_object('by', $4::bigint) or payload @> jsonb_build_object('authorId', $4::bigint)
          or type in ${inList(eventsWhere(({ audience }) => audience === 'application'))}
          or channel_id in (select channel_id from gone))
      order by position limit $6
    )
    select ${columns}
    from (select coalesce(min(position), $2 + 1) as oldest from event_log) kept left join missed logged on true
    order by position`,
)

/** SQL text: whether an event changes what one of the users in $2 is to channels and to others. */
const relatingAny = Object.entries({
  userId: `(payload ->> 'userId')::bigint = any($2::bigint[])`,
  by: `(payload ->> 'by')::bigint = any($2::bigint[])`,
  memberIds: `payload -> 'memberIds' @> any(select jsonb_build_array(u) from unnest($2::bigint[]) u)`,
})
  .map(
    ([key, isTheirs]) => `type in ${inList(eventsWhere(({ relates }) => relates === key))} and ${isTheirs}`,
  )
  .join(' or ')

const { applicationId, type, channelId, payload } = loggedShape
/** Values: $1 applications, $2 users, $3 the position behind which. */
export const pendingChangesStatement = reading(
  'pending-changes-of-users',
  select(columnsOf({ position: nullable(int8), applicationId, type, channelId, payload }, 'pending')),
  (columns) => `
    select ${columns} from (
      select position, null as id, application_id, type, channel_id, payload from event_log
      where position > $3 and application_id = any($1::bigint[]) and (${relatingAny})
      union all
      select null, id, application_id, type, channel_id, payload from outbox_event
      where application_id = any($1::bigint[]) and (${relatingAny})
    ) pending
    order by position nulls last, id`,
)
