import { counterValue } from '#data/counters.ts'
import type { Db, Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { sortableUsers, toUserOnPage, usersOnPage } from '#data/users.ts'
import type { ChannelMembership } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

const { sql, raw } = Prisma

/** Users of a channel, oldest first. */
function listUsersOfChannel(
  db: Db,
  where: Prisma.Sql[],
  total: Prisma.Sql | undefined,
  page: PageRequest,
): Promise<Page<User>> {
  return listPage(
    db,
    {
      resource: 'user',
      from:
        page.sort.length === 0
          ? sql`channel_membership cm`
          : sql`channel_membership cm join "user" u on u.id = cm.user_id`,
      id: 'cm.user_id',
      where,
      sortable: sortableUsers,
      order: 'cm.user_id',
      select: usersOnPage,
      ...(total && { total }),
    },
    page,
    toUserOnPage,
  )
}

/** Who has joined. */
export function listMembers(db: Db, channelId: number, page: PageRequest): Promise<Page<User>> {
  return listUsersOfChannel(db, [ofChannel(channelId)], memberCount(channelId), page)
}

export function listModerators(db: Db, channelId: number, page: PageRequest): Promise<Page<User>> {
  return listUsersOfChannel(db, [ofChannel(channelId), sql`cm.moderator`], undefined, page)
}

/** Members that are in the channel now: those with an active chat session. */
export function listParticipants(db: Db, channelId: number, page: PageRequest): Promise<Page<User>> {
  const present = sql`exists (
    select from chat_session cs join user_session us on us.id = cs.session_id
    where cs.channel_id = cm.channel_id and cs.state = 'ACTIVE' and us.user_id = cm.user_id)`
  return listUsersOfChannel(db, [ofChannel(channelId), present], undefined, page)
}

export function listMemberships(
  db: Db,
  channelId: number,
  page: PageRequest,
): Promise<Page<ChannelMembership>> {
  return listPage(
    db,
    {
      resource: 'channel_membership',
      from: sql`channel_membership cm`,
      id: 'cm.user_id',
      where: [ofChannel(channelId)],
      sortable: { createdTime: 'cm.created_time', id: 'cm.user_id' },
      order: 'cm.user_id',
      total: memberCount(channelId),
      select: `
        select page.place, cm.channel_id, cm.user_id, cm.created_time
        from page join channel_membership cm on cm.user_id = page.id and cm.channel_id = ${channelId}`,
    },
    page,
    (row) => ({ channelId: row[0] as number, userId: row[1] as number, createdTime: row[2] as string }),
  )
}

const ofChannel = (id: number) => sql`cm.channel_id = ${id}::bigint`
const memberCount = (id: number) => raw(counterValue('channel.members', String(id)))

/**
 * Makes users members from now on: what was written before is not unread to them.
 * @returns those that were none before
 */
export async function insertMembers(
  tx: Tx,
  channelId: number,
  userIds: number[],
  { moderatorId }: { moderatorId?: number } = {},
): Promise<number[]> {
  if (userIds.length === 0) return []
  const rows = await tx.prisma.$queryRaw<{ userId: bigint }[]>`
    insert into channel_membership (channel_id, user_id, moderator, joined_through_id)
    select ${BigInt(channelId)}, u, u = ${BigInt(moderatorId ?? 0)},
           coalesce((select max(m.id) from message m where m.channel_id = ${BigInt(channelId)}), 0)
    from (
      select id as u from "user" where id = any(${userIds.map(BigInt)}::bigint[]) and deleted_time is null
      order by id for share -- who is being deleted joins nothing any more
    ) living order by u
    on conflict (channel_id, user_id) do nothing
    returning user_id as "userId"`
  return rows.map(({ userId }) => Number(userId))
}

/** Whether the user was a member. */
export async function deleteMember(tx: Tx, channelId: number, userId: number): Promise<boolean> {
  const { count } = await tx.prisma.channelMembership.deleteMany({ where: { channelId, userId } })
  await tx.prisma.readSpan.deleteMany({ where: { channelId, userId } })
  return count > 0
}

/** Whether that changed anything; nothing changes for who is no member. */
export async function setModerator(
  tx: Tx,
  channelId: number,
  userId: number,
  moderator: boolean,
): Promise<boolean> {
  const { count } = await tx.prisma.channelMembership.updateMany({
    where: { channelId, userId, moderator: !moderator },
    data: { moderator },
  })
  return count > 0
}

/** When the user joined, or null. */
export async function findMembership(
  db: Db,
  channelId: number,
  userId: number,
): Promise<ChannelMembership | null> {
  const row = await db.prisma.channelMembership.findUnique({
    where: { channelId_userId: { channelId: BigInt(channelId), userId: BigInt(userId) } },
    select: { createdTime: true },
  })
  return row && { channelId, userId, createdTime: row.createdTime.toISOString() }
}
