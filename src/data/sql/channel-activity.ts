// The order of public channels for who is no member of them: by their newest message. A table of its own, for an index
// on it moves with every message, which the wide rows of `channel` should not; and public channels alone, for a user's
// own channels are few enough to look at the newest message of each.
import { inList } from '#data/sql/in-list.ts'
import { eventsWith } from '#resources/events.ts'

/** SQL text: the events that move their channel. */
export const movingTypes = inList(eventsWith('moves channel'))

/** When we are behind, a place in the order moves once in so many messages of the server. */
const coarseness = 10_000

/**
 * SQL text: parts of the statement that takes events, `taken`, from the outbox, `max` at a time; moves each public
 * channel with new messages to its new place. A full batch means that we are behind, and then precision is worth less
 * than speed. A channel that somebody is deleting is not waited for.
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
