/**
 * SQL text: how many messages membership `cm`'s channel has behind one id and through another. Blocks that lie within
 * are not counted again, see data/messages/message-blocks.ts, so that it looks at two blocks' messages at most, and at
 * what is newer than the blocks. Indexes: message_block (channel_id, from_id), message (channel_id, id, user_id).
 */
export function countBetween(after: string, through: string): string {
  const counted = (from: string, to: string) =>
    `(select count(*) from message m where m.channel_id = cm.channel_id and ${from} and ${to})`
  return `(
    select coalesce(b.count, 0) + ${counted(`m.id > ${after}`, `m.id < coalesce(b.from_id, ${through} + 1)`)}
      + ${counted('m.id > b.through_id', `m.id <= ${through}`)}
    from (
      select sum(b.count) as count, min(b.from_id) as from_id, max(b.through_id) as through_id from message_block b
      where b.channel_id = cm.channel_id and b.from_id > ${after} and b.through_id <= ${through}
    ) b)`
}

/** SQL text: how many of them membership `cm`'s user has sent. Index: message (user_id, id, channel_id). */
export function countOwnBetween(after: string, through: string): string {
  // The sum keeps it from going by the index on the channel, whose messages may be many more.
  return `(
    select count(*) from message m where m.user_id = cm.user_id and m.id > ${after} and m.id <= ${through}
      and m.channel_id + 0 = cm.channel_id)`
}

/** SQL text: an id behind all messages. */
export const endOfMessages = String(Number.MAX_SAFE_INTEGER)
