// Whom the moderators of a channel keep out of it.
import { columnsOf, int8, select, timestamptz } from '#data/columns.ts'
import type { Db, Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { knownSorts, listPage } from '#data/lists.ts'
import type { MemberMatch } from '#data/memberships.ts'
import { userColumns } from '#data/rows.ts'
import { matching, sortableUsers } from '#data/users.ts'
import type { ChannelBlockRecord } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

/** Oldest record first. */
export function listChannelBlocks(
  db: Db,
  channelId: number,
  match: MemberMatch,
  page: PageRequest,
): Promise<Page<ChannelBlockRecord>> {
  const sortable = { ...sortableUsers, id: 'b.id', createdTime: 'b.created_time' }
  return listPage(
    db,
    {
      resource: 'channel_block_record',
      from: sql`channel_block b join "user" u on u.id = b.user_id`,
      id: 'b.id',
      where: [sql`b.channel_id = ${channelId}::bigint`, ...matching(match)],
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

export async function isBlocked(
  db: { prisma: Pick<Db['prisma'], 'channelBlock'> },
  channelId: number,
  userId: number,
): Promise<boolean> {
  return (await db.prisma.channelBlock.count({ where: { channelId, userId } })) > 0
}

/** Makes whoever lets this user into the channel, or keeps it out, wait for this transaction. */
export async function lockDoor(tx: Tx, channelId: number, userId: number): Promise<void> {
  await tx.prisma.$executeRaw`
    select pg_advisory_xact_lock(hashtextextended(${`channel ${channelId} user ${userId}`}, 0))`
}

/** Keeps a user out; who is kept out already keeps that record. @throws a foreign key violation */
export async function insertChannelBlock(
  tx: Tx,
  channelId: number,
  userId: number,
): Promise<{ id: number; createdTime: string; isNew: boolean }> {
  const key = { channelId: BigInt(channelId), userId: BigInt(userId) }
  const { count } = await tx.prisma.channelBlock.createMany({ data: [key], skipDuplicates: true })
  const row = await tx.prisma.channelBlock.findUniqueOrThrow({
    where: { channelId_userId: key },
    select: { id: true, createdTime: true },
  })
  return { id: Number(row.id), createdTime: row.createdTime.toISOString(), isNew: count > 0 }
}

/** @returns who was kept out and since when, or undefined where the channel has no such record */
export async function deleteChannelBlock(
  tx: Tx,
  channelId: number,
  id: number,
): Promise<{ userId: number; createdTime: string } | undefined> {
  const [row] = await tx.prisma.$queryRaw<{ user_id: bigint; created_time: Date }[]>`
    delete from channel_block where id = ${BigInt(id)} and channel_id = ${BigInt(channelId)}
    returning user_id, created_time`
  return row && { userId: Number(row.user_id), createdTime: row.created_time.toISOString() }
}
