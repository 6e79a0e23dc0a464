// Users whom moderators have blocked from a channel.

import type { MemberMatch } from '#data/channels/memberships.ts'
import { bool, column, columnsOf, int8, select, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { knownSorts, listPage } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import { matching, sortableUsers } from '#data/users/user-lists.ts'
import type { ChannelBlockRecord } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

/** Lists the blocks of a channel, oldest first. */
export function readChannelBlockPage(
  db: Db,
  channelId: number,
  match: MemberMatch,
  page: PageRequest,
): Promise<Page<ChannelBlockRecord>> {
  const sortable = { ...sortableUsers, id: 'b.id', createdTime: 'b.created_time' }
  const narrowing = matching(match)
  return listPage(
    db,
    {
      ...(narrowing.length === 0 && { name: 'list-channel-blocks' }),
      resource: 'channel_block_record',
      from: sql`channel_block b join "user" u on u.id = b.user_id`,
      id: 'b.id',
      where: [sql`b.channel_id = ${channelId}::bigint`, ...narrowing],
      sortable,
      order: 'b.id',
      columns: select({
        ...columnsOf({ id: int8, channelId: int8, createdTime: timestamptz }, 'b'),
        user: userColumns('u'),
      }),
      joins: 'join channel_block b on b.id = page.id join "user" u on u.id = b.user_id',
    },
    knownSorts(page, sortable),
  )
}

export async function isBlocked(db: Querier, channelId: number, userId: number): Promise<boolean> {
  return (await db.run(isBlockedStatement, [channelId, userId])) > 0
}

const isBlockedStatement = {
  name: 'is-blocked-in-channel',
  text: 'select from channel_block where channel_id = $1 and user_id = $2',
}

/** Serializes transactions that let this user into the channel or block them, until this one ends. */
export async function lockAdmission(tx: Tx, channelId: number, userId: number): Promise<void> {
  await tx.run(lockStatement, [`channel ${channelId} user ${userId}`])
}

const lockStatement = {
  name: 'lock-admission',
  text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
}

/** Blocks a user; an existing block is returned as it is. @throws a foreign key violation */
export function insertChannelBlock(
  tx: Tx,
  channelId: number,
  userId: number,
): Promise<{ id: number; createdTime: string; isNew: boolean }> {
  return tx.single(insertStatement, [channelId, userId])
}

// The update changes nothing; it makes the statement return a row that already exists.
const insertStatement = reading(
  'insert-channel-block',
  select({ ...columnsOf({ id: int8, createdTime: timestamptz }, 'b'), isNew: column(bool, 'b.xmax = 0') }),
  (columns) => `
    insert into channel_block as b (channel_id, user_id) values ($1, $2)
    on conflict (channel_id, user_id) do update set channel_id = excluded.channel_id returning ${columns}`,
)

/** @returns the blocked user and since when they were blocked, or undefined if the channel has no such block */
export function deleteChannelBlock(
  tx: Tx,
  channelId: number,
  id: number,
): Promise<{ userId: number; createdTime: string } | undefined> {
  return tx.one(deleteStatement, [channelId, id])
}

const deleteStatement = reading(
  'delete-channel-block',
  select(columnsOf({ userId: int8, createdTime: timestamptz }, 'b')),
  (columns) => `delete from channel_block b where b.id = $2 and b.channel_id = $1 returning ${columns}`,
)
