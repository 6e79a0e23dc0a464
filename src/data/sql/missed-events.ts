// The events that a session missed while disconnected, and those yet to change users' access to channels and others.
// Indexes: the primary key of event_log, from the position on; outbox_event (application_id), which finds few. Those
// that a user missed of 1,000 events are found in 5 ms. Concurrent reconnects share the statement.
import { bool, column, columnsOf, int8, joined, nullable, select } from '#data/columns.ts'
import { reading } from '#data/database.ts'
import { inList } from '#data/sql/in-list.ts'
import { eventColumns, loggedColumns, loggedShape } from '#data/sql/take-events.ts'
import { eventsWhere, eventsWith } from '#resources/events.ts'

/** Columns of `i`: JSON that the payload of events about its user contains. They are built once, not for each event. */
const says = { userId: 'says_user', by: 'says_by', memberIds: 'says_member' }

/** SQL text: whether an event ends the membership of the user of `i` in a channel. */
const endsMembership = Object.entries(says)
  .flatMap(([key, said]) => {
    const ends = eventsWith('ends membership')
    const types = [...eventsWhere(({ relates }) => relates === key)].filter((type) => ends.has(type))
    return types.length === 0 ? [] : [`type in ${inList(types)} and payload @> i.${said}`]
  })
  .join(' or ')

/**
 * Missed events of many sessions, each with the session's place. Values, each an array: $1 and $2 the positions after
 * and up to which, $3 application, $4 user, $5 the user's channels as the text of an array, $6 the maximum number.
 */
export const missedEventsStatement = reading(
  'events-for-users',
  select({
    place: column(int8, 'i.place'),
    isForgotten: column(bool, 'coalesce(kept.oldest, i.through + 1) > i.after + 1'),
    event: joined(loggedColumns),
  }),
  (columns) => `
    select ${columns}
    from (
      select *, channels::bigint[] as channel_ids, jsonb_build_object('userId', user_id) as says_user,
             jsonb_build_object('by', user_id) as says_by, jsonb_build_object('authorId', user_id) as says_author,
             jsonb_build_object('memberIds', jsonb_build_array(user_id)) as says_member
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::int[])
        with ordinality i (after, through, application_id, user_id, channels, most, place)
      offset 0
    ) i
    cross join (select min(position) as oldest from event_log) kept
    left join lateral (
      with gone as (
        select channel_id from event_log
        where position > i.after and position <= i.through and application_id = i.application_id
          and (${endsMembership})
      )
      select ${eventColumns} from event_log
      where position > i.after and position <= i.through and application_id = i.application_id
        and (channel_id = any(i.channel_ids) or payload @> i.says_user or payload @> i.says_by or payload @> i.says_author
          or type in ${inList(eventsWhere(({ audience }) => audience === 'application'))}
          or channel_id in (select channel_id from gone))
      order by position limit i.most
    ) logged on true
    order by i.place, position`,
)

/** SQL text: whether an event changes the access of one of the users in $2 to channels or other users. */
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
/** Values: $1 applications, $2 users, $3 the position after which. */
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
