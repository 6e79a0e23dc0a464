// Queues function runs in the statements that take events and write notifications. Index: function (application_id,
// type). An application without functions costs one index lookup.
import { inList } from '#data/sql/in-list.ts'
import { events, eventsWhere } from '#resources/events.ts'
import { blockingType, FunctionType } from '#resources/function.ts'

/** SQL text: the type of function that each event triggers. */
const setOff = FunctionType.options.flatMap((type) => {
  const byUser = eventsWhere(({ functions: f }) => f?.byUser === type && !f.isAskedBefore)
  const bySystem = eventsWhere(({ functions: f }) => f?.bySystem === type && !f.isAskedBefore)
  const when = (types: ReadonlySet<string>, has: string) =>
    types.size === 0
      ? []
      : [`when t.type in ${inList(types)} and t.payload ->> 'userId' is ${has} then '${type}'`]
  return [...when(byUser, 'not null'), ...when(bySystem, 'null')]
})

/**
 * SQL text: CTEs of a statement that has taken events as `taken`: `asked` inserts a run for each event and each
 * function that it triggers. Applications without such functions are excluded after one index lookup.
 */
export const askForRunsParts = `
  listening as materialized (
    select f.id, f.application_id, f.type
    from (select distinct application_id from taken) a join "function" f on f.application_id = a.application_id
    where f.enabled and f.current_version_number > 0 and f.type <> '${blockingType}'
  ), asked as (
    insert into function_run (application_id, function_id, channel_id, payload)
    select t.application_id, f.id, t.channel_id, t.payload - 'session' - 'receipt'
    from listening f join taken t on t.application_id = f.application_id and f.type = case
      ${setOff.join('\n      ')}
    end
    order by t.id, f.id
    returning 1
  )`

/** The same for notifications that were `written` for the messages in `announced`. */
export const askForRunsOfNotificationsParts = `
  asked as (
    insert into function_run (application_id, function_id, payload)
    select f.application_id, f.id, jsonb_build_object(
             'notificationId', w.id, 'userId', w.recipient_id, 'userHasActiveSession', exists (
               select from user_session us where us.user_id = w.recipient_id and us.state = 'ACTIVE'))
    from written w join announced on announced.id = w.message_id
    join "function" f on f.application_id = announced.application_id and f.type = '${events['notification.created'].functions.byUser}'
      and f.enabled and f.current_version_number > 0
    order by w.id, f.id
    returning 1
  )`
