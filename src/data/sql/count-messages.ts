/** SQL text: an id behind all messages. */
export const endOfMessages = String(Number.MAX_SAFE_INTEGER)

/**
 * SQL text: how many messages membership `cm`'s channel has behind one id and through another. Those of blocks that lie
 * within are not counted again, see data/messages/message-blocks.ts: it looks at the messages of two blocks at most, and
 * at what is newer than the blocks. Indexes: message_block (channel_id, from_id), message (channel_id, id, user_id).
 */
export function countBetween(after: string, through: string): string {
  return counting(after, through, 'b.count', 'true')
}

/**
 * SQL text: the same without those of membership `cm`'s user itself. Its own within the blocks are counted one by one.
 * Index besides: message (user_id, id, channel_id).
 */
export function countByOthersBetween(after: string, through: string): string {
  // The sum keeps it from going by the index on the channel, which has the messages of all.
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
      select sum(b.count) as count, min(b.from_id) as from_id, max(b.through_id) as through_id from message_block b
      where b.channel_id = cm.channel_id and b.from_id > ${after} and b.through_id <= ${through}
    ) b)`
}
