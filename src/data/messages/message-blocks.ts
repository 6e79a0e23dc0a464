// Counts messages of large channels in blocks, so that their number after an id, which unread counts need, is a sum.
// Several blocks are counted again as one large block, so that the sum is of few rows; see data/sql/count-messages.ts.
// Sends do not touch blocks: a periodic task counts committed messages. A trigger subtracts deleted messages.
import { bool, column, int4, int8, nullable, select, text } from '#data/columns.ts'
import { type Database, type Db, reading } from '#data/database.ts'

/** The number of messages in a block, and of blocks in a large block. */
export interface BlockSizes {
  messages: number
  blocks: number
}

const sizes: BlockSizes = { messages: 4_096, blocks: 64 }
/** How many blocks a batch counts. */
const blocksMax = 64
/** How many channels a batch checks. */
const channelsMax = 1_000

/** The last message id drawn at a time of the database. */
export interface Reached {
  id: number
  time: string
}

const reachedStatement = reading(
  'messages-reached',
  select({
    id: column(int8, 'coalesce(reached.id, 0)'),
    time: column(text, 'clock_timestamp()::text'),
    isOver: column(
      bool,
      `not exists (
         select from pg_stat_activity a
         where a.datname = current_database() and a.backend_type = 'client backend'
           and a.pid <> pg_backend_pid() and a.xact_start <= $1::timestamptz)`,
    ),
  }),
  (columns) => `
    select ${columns} from (select pg_sequence_last_value('message_id') as id offset 0) reached`,
)

/**
 * Returns the last message id drawn so far, and whether all transactions from the time of `before` have ended: no
 * message with an id up to `before.id` can then still be inserted.
 */
export function messagesReached(db: Db, before: Reached | undefined): Promise<Reached & { isOver: boolean }> {
  return db.single(reachedStatement, [before?.time ?? null])
}

const uncountedStatement = reading(
  'channels-without-blocks',
  select({
    through: column(nullable(int8), 'max(page.id)'),
    size: column(int4, 'count(*)::int'),
    channelIds: column(nullable(text), `string_agg(page.id::text, ',') filter (where page.is_uncounted)`),
  }),
  (columns) => `
    select ${columns} from (
      select n.scope_id as id, n.value >= $3 and n.value - coalesce((
          select sum(b.count) from message_block b where b.channel_id = n.scope_id), 0) >= $3 as is_uncounted
      from counter n where n.scope = 'channel.messages' and n.scope_id > $1 order by n.scope_id limit $2::int
    ) page`,
)

/** Returns channels with many messages outside of blocks among those after an id, and the id to continue after. */
export async function channelsWithoutBlocks(
  db: Db,
  after: number,
): Promise<{ channelIds: number[]; next: number | undefined }> {
  const { through, size, channelIds } = await db.single(uncountedStatement, [
    after,
    channelsMax,
    2 * sizes.messages,
  ])
  return {
    channelIds: channelIds === null ? [] : channelIds.split(',').map(Number),
    next: size < channelsMax ? undefined : (through ?? undefined),
  }
}

/**
 * Counts a channel's messages up to an id in blocks, one batch at a time. No message up to that id may still be
 * inserted. Does nothing while messages are being deleted, because neither transaction would see the other's changes.
 * @returns whether there may be more to count
 */
export function countBlocks(
  db: Database,
  channelId: number,
  throughId: number,
  { messages, blocks }: BlockSizes = sizes,
): Promise<boolean> {
  return db.transact(async (tx) => {
    const isAlone = await tx.single(lockStatement, [])
    if (!isAlone || (await tx.run(lockChannelStatement, [channelId])) === 0) return false
    const counted = await tx.run(countStatement, [channelId, throughId, messages])
    await tx.run(enlargeStatement, [channelId, blocks])
    return counted === blocksMax
  })
}

const lockStatement = reading(
  'lock-message-blocks',
  column(bool, `pg_try_advisory_xact_lock(hashtext('chatterie: message blocks'))`),
  (columns) => `select ${columns}`,
)
/** Worlds are rewritten without triggers, while their channels are locked. */
const lockChannelStatement = {
  name: 'lock-channel-of-blocks',
  text: 'select from channel where id = $1 for key share',
}
const countStatement = {
  name: 'count-message-blocks',
  text: `
    with last as materialized (
      select coalesce((
        select through_id from message_block where channel_id = $1 order by from_id desc limit 1), 0) as id
    ), numbered as (
      select m.id, (row_number() over (order by m.id) - 1) / $3::int as nth from (
        select m.id from message m where m.channel_id = $1 and m.id > (select id from last) and m.id <= $2
        order by m.id limit $3 * ${blocksMax}
      ) m
    ), block as (
      select nth, max(id) as through_id from numbered group by nth having count(*) = $3
    )
    insert into message_block (channel_id, from_id, through_id, count)
    select $1, coalesce(lag(block.through_id) over (order by block.nth), last.id) + 1, block.through_id, $3
    from block, last`,
}
/** Counts blocks that are not part of a large block yet as large blocks. */
const enlargeStatement = {
  name: 'enlarge-message-blocks',
  text: `
    insert into large_message_block (channel_id, from_id, through_id, count)
    select $1, min(from_id), max(through_id), sum(count) from (
      select b.from_id, b.through_id, b.count, (row_number() over (order by b.from_id) - 1) / $2::int as nth
      from message_block b
      where b.channel_id = $1 and b.from_id > coalesce((
        select through_id from large_message_block where channel_id = $1 order by from_id desc limit 1), 0)
    ) numbered
    group by nth having count(*) = $2`,
}
