import { bool, column, columnsOf, int8, oneOf, select, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading, readingByKey, type Tx } from '#data/database.ts'
import { counterOf } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import { type ListQuery, listPage } from '#data/lists.ts'
import { matching, type UserMatch, usersOnPage } from '#data/users/user-lists.ts'
import type { ChannelMembership, ChannelType, Standing } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

const { sql } = Prisma

/** The filter that users can apply to the members of a channel. */
export type MemberMatch = Pick<UserMatch, 'displayName'>

/** Lists users of a channel, oldest first. */
function listUsersOfChannel(
  db: Db,
  where: Prisma.Sql[],
  match: MemberMatch | undefined,
  unfiltered: Partial<ListQuery<User>>,
  page: PageRequest,
): Promise<Page<User>> {
  const narrowing = matching(match ?? {})
  return listPage(
    db,
    {
      ...usersOnPage,
      from:
        page.sort.length === 0 && narrowing.length === 0
          ? sql`channel_membership cm`
          : sql`channel_membership cm join "user" u on u.id = cm.user_id`,
      id: 'cm.user_id',
      where: [...where, ...narrowing],
      order: 'cm.user_id',
      ...(narrowing.length === 0 && unfiltered),
    },
    page,
  )
}

export function listMembers(
  db: Db,
  channelId: number,
  page: PageRequest,
  match?: MemberMatch,
): Promise<Page<User>> {
  return listUsersOfChannel(
    db,
    [ofChannel(channelId)],
    match,
    { name: 'list-members', line: 'reads', total: memberCount(channelId) },
    page,
  )
}

export function listModerators(
  db: Db,
  channelId: number,
  page: PageRequest,
  match?: MemberMatch,
): Promise<Page<User>> {
  return listUsersOfChannel(
    db,
    [ofChannel(channelId), sql`cm.moderator`],
    match,
    { name: 'list-moderators' },
    page,
  )
}

/** Lists the members who are in the channel now, that is, have an active chat session there. */
export function listParticipants(db: Db, channelId: number, page: PageRequest): Promise<Page<User>> {
  const present = sql`exists (
    select from chat_session cs join user_session us on us.id = cs.session_id
    where cs.channel_id = cm.channel_id and cs.state = 'ACTIVE' and us.user_id = cm.user_id)`
  return listUsersOfChannel(db, [ofChannel(channelId), present], {}, { name: 'list-participants' }, page)
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
      columns: select(columnsOf({ channelId: int8, userId: int8, createdTime: timestamptz }, 'cm')),
      joins: `join channel_membership cm on cm.user_id = page.id and cm.channel_id = ${channelId}`,
    },
    page,
  )
}

const ofChannel = (id: number) => sql`cm.channel_id = ${id}::bigint`
const memberCount = (id: number) => counterOf('channel.members', id)

/**
 * Makes users members. Messages written before do not count as unread for them.
 * @returns the ids of users who were not members before
 */
export async function insertMembers(
  tx: Tx,
  channelId: number,
  userIds: number[],
  { moderatorId }: { moderatorId?: number } = {},
): Promise<number[]> {
  if (userIds.length === 0) return []
  return tx.all(insertStatement, [channelId, userIds, moderatorId ?? 0])
}

const insertStatement = reading(
  'insert-memberships',
  column(int8, 'user_id'),
  (columns) => `
    insert into channel_membership (channel_id, user_id, moderator, joined_through_id)
    select $1, u, u = $3, coalesce((select max(m.id) from message m where m.channel_id = $1), 0)
    from (
      select id as u from "user" where id = any($2::bigint[]) and deleted_time is null
      order by id for share -- who is being deleted joins nothing any more
    ) living order by u
    on conflict (channel_id, user_id) do nothing
    returning ${columns}`,
)

/** Removes a member. Returns what they were, or undefined if they were not a member. */
export async function deleteMember(
  tx: Tx,
  channelId: number,
  userId: number,
): Promise<{ moderator: boolean } | undefined> {
  const [former] = await tx.all(deleteStatement, [channelId, userId])
  await tx.run(forgetSpansStatement, [channelId, userId])
  return former
}

const deleteStatement = reading(
  'delete-membership',
  select(columnsOf({ moderator: bool }, 'cm')),
  (columns) =>
    `delete from channel_membership cm where channel_id = $1 and user_id = $2 returning ${columns}`,
)
const forgetSpansStatement = {
  name: 'forget-read-spans',
  text: 'delete from read_span where channel_id = $1 and user_id = $2',
}

/** Returns whether the flag changed; it does not for a user who is not a member. */
export async function setModerator(
  tx: Tx,
  channelId: number,
  userId: number,
  moderator: boolean,
): Promise<boolean> {
  return (await tx.run(flagStatements.moderator, [channelId, userId, moderator])) > 0
}

const flagStatement = (flag: 'moderator' | 'muted' | 'hidden') => ({
  name: `set-${flag}`,
  text: `update channel_membership set ${flag} = $3 where channel_id = $1 and user_id = $2 and ${flag} <> $3`,
})
const flagStatements = {
  moderator: flagStatement('moderator'),
  muted: flagStatement('muted'),
  hidden: flagStatement('hidden'),
}

// ----------------------------------------------------------------------------- rights of one user

/** The rights of one user in a channel. */
export interface ChannelStanding {
  channelId: number
  type: ChannelType
  standing: Standing
  /** False, or 0, for users who are not members. */
  moderator: boolean
  muted: boolean
  hidden: boolean
  clearedThroughId: number
}

/** Returns a user's standing in a channel of their application, if there is such a channel. One round trip. */
export async function findStanding(
  db: Querier,
  channelId: number,
  userId: number,
): Promise<ChannelStanding | undefined> {
  return db.one(standingStatement, [channelId, userId])
}

/** SQL text: the standing of the user with the id `user` in channel `c`; `cm` is their membership, if any. */
export const standingOf = (user: string) => `
  case when cm.user_id is not null then 'member'
       when exists (select from channel_block cb where cb.channel_id = c.id and cb.user_id = ${user}) then 'blocked'
       else 'outsider' end`

const standingStatement = readingByKey(
  'find-standing',
  select({
    channelId: column(int8, 'c.id'),
    type: column(oneOf<ChannelType>(), 'c.type'),
    standing: column(oneOf<Standing>(), standingOf('u.id')),
    moderator: column(bool, 'coalesce(cm.moderator, false)'),
    muted: column(bool, 'coalesce(cm.muted, false)'),
    hidden: column(bool, 'coalesce(cm.hidden, false)'),
    clearedThroughId: column(int8, 'coalesce(cm.cleared_through_id, 0)'),
  }),
  (columns) => `
    select ${columns}
    from "user" u join channel c on c.id = $1 and c.application_id = u.application_id
    left join channel_membership cm on cm.channel_id = c.id and cm.user_id = u.id
    where u.id = $2 and u.deleted_time is null`,
)

/** Returns the channels users are members of, and up to which message each has cleared its history. */
export function membershipsOf(
  db: Querier,
  userIds: number[],
): Promise<{ userId: number; channelId: number; clearedThroughId: number }[]> {
  return db.all(membershipsStatement, [userIds])
}

const membershipsStatement = reading(
  'memberships-of-users',
  select(columnsOf({ userId: int8, channelId: int8, clearedThroughId: int8 }, 'cm')),
  (columns) => `
    select ${columns} from channel_membership cm where cm.user_id = any($1::bigint[]) order by cm.channel_id`,
)

/** Returns the ids of up to `max` members of a channel, lowest first. */
export function firstMemberIds(tx: Tx, channelId: number, max: number): Promise<number[]> {
  return tx.all(firstMembersStatement, [channelId, max])
}

const firstMembersStatement = reading(
  'first-members',
  column(int8, 'user_id'),
  (columns) => `
    select ${columns} from channel_membership where channel_id = $1 order by user_id limit $2`,
)

/** Returns whether the flag changed; it does not for a user who is not a member. */
export async function setMuted(tx: Tx, channelId: number, userId: number, muted: boolean): Promise<boolean> {
  return (await tx.run(flagStatements.muted, [channelId, userId, muted])) > 0
}

/** Hides a channel from a member's lists, or shows it again. @returns whether that changed anything */
export async function setHidden(
  tx: Tx,
  channelId: number,
  userId: number,
  hidden: boolean,
): Promise<boolean> {
  return (await tx.run(flagStatements.hidden, [channelId, userId, hidden])) > 0
}

/** Clears all present messages of a channel from a member's history. @returns whether that changed anything */
export async function clearHistoryRow(tx: Tx, channelId: number, userId: number): Promise<boolean> {
  return (await tx.run(clearHistoryStatement, [channelId, userId])) > 0
}

const clearHistoryStatement = {
  name: 'clear-history',
  text: `
    update channel_membership cm set cleared_through_id = newest.id
    from (select coalesce(max(m.id), 0) as id from message m where m.channel_id = $1) newest
    where cm.channel_id = $1 and cm.user_id = $2 and cm.cleared_through_id < newest.id`,
}
