/** SQL text: an id greater than that of any message. */
export const endOfMessages = String(Number.MAX_SAFE_INTEGER)

/**
 * SQL text: the number of messages in membership `cm`'s channel after one id and up to another. Blocks within the range
 * are not counted again, see data/messages/message-blocks.ts: at most the messages of two blocks are read, and those
 * newer than the blocks. Likewise, at most the blocks of two large blocks are read. Indexes: message_block and
 * large_message_block (channel_id, from_id), message (channel_id, id, user_id).
 */
export function countBetween(after: string, through: string): string {
  return counting(after, through, 'b.count', 'true')
}

/**
 * SQL text: the same without messages of membership `cm`'s user. Their own messages in the blocks are counted one by
 * one. Additional index: message (user_id, id, channel_id).
 */
export function countByOthersBetween(after: string, through: string): string {
  // The sum prevents the use of the index on the channel, which has the messages of all users.
  const own = `(
    select count(*) from message m where m.user_id = cm.user_id and m.id between b.from_id and b.through_id
      and m.channel_id + 0 = cm.channel_id)`
  return counting(after, through, `b.count - ${own}`, 'm.user_id is distinct from cm.user_id')
}

function counting(after: string, through: string, inBlocks: string, wanted: string): string {
  const beside = (from: string, to: string) =>
    `(select count(*) from message m where m.channel_id = cm.channel_id and ${from} and ${to} and ${wanted})`
  return `(
    select case when b.count is null then 0 else ${inBlocks} end
      + ${beside(`m.id > ${after}`, `m.id < coalesce(b.from_id, ${through} + 1)`)}
      + ${beside('m.id > b.through_id', `m.id <= ${through}`)}
    from (
      select sum(b.count)::bigint as count, min(b.from_id) as from_id, max(b.through_id) as through_id
      from (
        select sum(b.count) as count, min(b.from_id) as from_id, max(b.through_id) as through_id
        from large_message_block b where ${within(after, through)}
      ) large cross join lateral (
        select large.*
        union all
        select b.count, b.from_id, b.through_id from message_block b
        where ${within(after, `coalesce(large.from_id - 1, ${through})`)}
        union all
        select b.count, b.from_id, b.through_id from message_block b
        where ${within('large.through_id', through)}
      ) b
    ) b)`
}

/** SQL text: whether block `b` is within membership `cm`'s channel, after one id and up to another. */
function within(after: string, through: string): string {
  return `b.channel_id = cm.channel_id and b.from_id > ${after} and b.from_id <= ${through}
    and b.through_id <= ${through}`
}
