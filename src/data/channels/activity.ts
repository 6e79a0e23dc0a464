// When a channel last had a message, if that message has no row: it was never kept, or it is deleted. The retention of
// inactive channels reads this beside the newest message.
import type { Tx } from '#data/database.ts'

/** Records a message without a row, sent at `time`; writes at most once per hour of messages in a channel. */
export async function noteActivity(tx: Tx, channelId: number, time: string): Promise<void> {
  await tx.run(noteStatement, [channelId, time])
}

const noteStatement = {
  name: 'note-activity',
  text: `
    update channel set active_time = $2::timestamptz
    where id = $1 and (active_time is null or active_time < $2::timestamptz - interval '1 hour')`,
}

/** SQL text: records the deleted messages in a relation with `channel_id` and `created_time`. */
export const noteActivityOf = (gone: string) => `
  update channel c set active_time = g.time
  from (select channel_id, max(created_time) as time from ${gone} group by 1) g
  where c.id = g.channel_id and (c.active_time is null or c.active_time < g.time)`
