// The order of public channels for users who are not members: by newest message. It has a table of its own because an
// index on it changes with every message, which the wide rows of `channel` should not. It only has public channels,
// because a user's own channels are few enough to look up the newest message of each.
import { inList } from '#data/sql/in-list.ts'
import { eventsWith } from '#resources/events.ts'

/** SQL text: the types of events that move their channel to the top. */
export const movingTypes = inList(eventsWith('moves channel'))

/** In a backlog, a channel moves at most once per this many messages of the server. */
const coarseness = 10_000

/**
 * SQL text: CTEs of the statement that takes events as `taken`, `max` at a time. They move each public channel with new
 * messages to its new position. A full batch indicates a backlog, in which speed matters more than precision. Channels
 * that are locked by their deletion are skipped.
 */
export const channelActivityParts = (max: string) => `
    written as (
      select channel_id, max((payload ->> 'messageId')::bigint) as last_id from taken
      where type in ${movingTypes} and payload ? 'messageId'
      group by channel_id
    ), movable as (
      select a.channel_id, w.last_id from written w join channel_activity a on a.channel_id = w.channel_id
      where a.last_id + case when (select count(*) from taken) < ${max} then 0 else ${coarseness} end < w.last_id
      order by a.channel_id for update of a skip locked
    ), active as (
      update channel_activity a set last_id = m.last_id from movable m where a.channel_id = m.channel_id
    )`
