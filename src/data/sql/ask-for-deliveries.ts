// Queues webhook deliveries in the statement that takes events. Index: webhook (application_id). An application without
// webhooks costs one index lookup.
import { inList } from '#data/sql/in-list.ts'
import { type EventType, events, eventsWhere } from '#resources/events.ts'
import { webhookTypes } from '#resources/webhook.ts'

/** SQL text: the webhook type of each event. Events of imports only change counters and have no payload. */
const byType = webhookTypes.flatMap((type) => {
  const plain = eventsWhere(({ webhook }) => webhook === type)
  return plain.size === 0 ? [] : [`when t.type in ${inList(plain)} then '${type}'`]
})
const byPresence = (Object.keys(events) as EventType[]).flatMap((type) => {
  const { webhook } = { webhook: undefined, ...events[type] }
  if (typeof webhook !== 'object') return []
  return [
    `when t.type = '${type}' then
       case when (t.payload ->> 'online')::boolean then '${webhook.online}' else '${webhook.offline}' end`,
  ]
})

/** SQL text: CTEs of a statement that has taken events as `taken`: `sent` inserts a delivery per event and webhook. */
export const askForDeliveriesParts = `
  hooked as materialized (
    select w.id, w.application_id, w.events
    from (select distinct application_id from taken) a join webhook w on w.application_id = a.application_id
    where w.enabled
  ), sent as (
    insert into webhook_delivery (webhook_id, type, channel_id, payload)
    select h.id, e.type, e.channel_id, e.payload
    from hooked h join (
      select t.id, t.application_id, t.channel_id, t.payload - 'session' - 'receipt' as payload, case
        ${[...byType, ...byPresence].join('\n        ')}
      end as type
      from taken t
      where t.payload <> '{}' or t.type in ('channel.created', 'channel.updated') and t.channel_id is not null
    ) e on e.application_id = h.application_id
    where e.type is not null and (h.events && array['*', e.type])
    order by e.id, h.id
    returning 1
  )`
