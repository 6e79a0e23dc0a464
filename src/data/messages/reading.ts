// Which messages users have read. Instead of a row per member and message, a member has read spans, which are ranges of
// ids, and unread messages are computed from them; see data/sql/mark-read.ts.

import { bool, column, int8, mapped, select, timestamptz } from '#data/columns.ts'
import { type Database, type Db, type Reading, reading } from '#data/database.ts'
import { counterOf } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { messagesById } from '#data/messages/messages.ts'
import { isKeptIn } from '#data/removal/kept-messages.ts'
import { userColumns } from '#data/rows.ts'
import { compactSpansStatement, spansOfMembersStatement, timeOf } from '#data/sql/compact-spans.ts'
import { unreadCount } from '#data/sql/count-unread.ts'
import { hasUnread } from '#data/sql/has-unread.ts'
import {
  type Marking,
  readChannelStatement,
  readMainThreadStatement,
  readMessageStatement,
  readThreadStatement,
  unreadMessageStatement,
} from '#data/sql/mark-read.ts'
import { sortableUsers } from '#data/users/user-lists.ts'
import type { Cause } from '#resources/events.ts'
import type { Message, SeenMessage } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ReadReceipt } from '#resources/read-receipt.ts'
import type { User } from '#resources/user.ts'

const { sql } = Prisma

// ------------------------------------------------------------------------------------------- changing

/** The user who reads, and the cause that is added to their events. */
export interface Reader {
  applicationId: number
  userId: number
  cause: Partial<Cause> & { traceparent?: string }
}

/** Marks another user's message as read. @returns false if the user cannot see it */
export function markMessageRead(db: Database, reader: Reader, messageId: number): Promise<boolean> {
  return mark(db, readMessageStatement, messageId, reader)
}

/** Marks a message as unread. @returns false if the user cannot see it */
export function markMessageUnread(db: Database, reader: Reader, messageId: number): Promise<boolean> {
  return mark(db, unreadMessageStatement, messageId, reader)
}

/** Marks all messages of a channel as read. @returns false if the user is not a member */
export function markChannelRead(db: Database, reader: Reader, channelId: number): Promise<boolean> {
  return mark(db, readChannelStatement, channelId, reader)
}

/** Marks all messages of a thread as read. @returns false if the user is not a member of its channel */
export function markThreadRead(
  db: Database,
  reader: Reader,
  { id, type, channelId }: { id: number; type: string; channelId: number },
): Promise<boolean> {
  return type === 'MAIN'
    ? mark(db, readMainThreadStatement, channelId, reader)
    : mark(db, readThreadStatement, channelId, reader, [id])
}

/** Runs a statement in one round trip. If another device of the user was faster, repeats it after that one. */
async function mark(
  db: Database,
  statement: Reading<Marking>,
  id: number,
  { applicationId, userId, cause }: Reader,
  more: number[] = [],
): Promise<boolean> {
  const values = [id, userId, applicationId, JSON.stringify(cause), ...more]
  const marking = await db.one(statement, values)
  if (!marking) return false
  const { channelId, isChange, isDone } = marking
  if (isChange && !isDone) {
    await db.transact(async (tx) => {
      await tx.run(lockStatement, [channelId, userId])
      await tx.run(statement, values)
    })
  }
  if (isChange) db.eventsWritten()
  return true
}

const lockStatement = {
  name: 'lock-membership',
  text: 'select from channel_membership where channel_id = $1 and user_id = $2 for update',
}

// ---------------------------------------------------------------------------------------- compacting

/** Merges adjacent read spans of a member; see data/sql/compact-spans.ts. @returns how many fewer there are */
export async function compactSpans(db: Db, channelId: number, userId: number): Promise<number> {
  return (await db.one(compactSpansStatement, [channelId, userId])) ?? 0
}

export interface MemberPlace {
  channelId: number
  userId: number
}

/** How many spans a batch checks, and with how many spans a member's are compacted. */
const spansMax = 10_000
const manySpans = 8

/** Returns members with many spans, a batch after a position. @returns also the position to continue from, if any */
export async function membersWithManySpans(
  db: Db,
  after: MemberPlace | undefined,
): Promise<{ members: MemberPlace[]; next: MemberPlace | undefined }> {
  const values = [after?.channelId ?? 0, after?.userId ?? 0, spansMax]
  const found = await db.all(spansOfMembersStatement, values)
  const isMore = found.reduce((sum, { spans }) => sum + spans, 0) === spansMax
  const last = found.at(-1)
  // The last member may have more spans than the batch includes.
  const members = found.filter((each) => each.spans >= manySpans || (isMore && each === last))
  return { members, next: isMore ? last : undefined }
}

// --------------------------------------------------------------------------------------------- unread

const countStatement = reading(
  'count-unread-messages',
  column(int8, `coalesce(sum(${unreadCount}), 0)::bigint`),
  (columns) => `select ${columns} from channel_membership cm where cm.user_id = $1 and ($2 or not cm.hidden)`,
)

/** Returns how many unread messages a user has in all channels, including hidden ones only if requested. */
export function countUnread(db: Db, userId: number, { hidden }: { hidden: boolean }): Promise<number> {
  return db.single(countStatement, [userId, hidden])
}

const ofMembership = (columns: string) =>
  `select ${columns} from channel_membership cm where cm.channel_id = $1 and cm.user_id = $2`

const countInChannelStatement = reading(
  'count-unread-messages-of-channel',
  column(int8, unreadCount),
  ofMembership,
)

/** Returns how many unread messages a member has in a channel. */
export async function countUnreadOfChannel(db: Db, channelId: number, userId: number): Promise<number> {
  return (await db.one(countInChannelStatement, [channelId, userId])) ?? 0
}

const hasUnreadStatement = reading('has-unread-messages', column(bool, hasUnread), ofMembership)

/** Returns whether a member has unread messages in a channel. */
export async function hasUnreadInChannel(db: Db, channelId: number, userId: number): Promise<boolean> {
  return (await db.one(hasUnreadStatement, [channelId, userId])) ?? false
}

export interface UnreadOfMember {
  channelId: number
  user: User
  count: number
}

/** Lists the number of unread messages of each member of each channel, by channel and user. */
export function listUnreadOfMembers(
  db: Db,
  applicationId: number,
  page: PageRequest,
): Promise<Page<UnreadOfMember>> {
  return listPage(
    db,
    {
      name: 'list-unread-of-members',
      resource: 'read_receipt_summary',
      from: sql`channel_membership cm join channel c on c.id = cm.channel_id`,
      id: 'cm.ctid',
      where: [sql`c.application_id = ${applicationId}::bigint`],
      sortable: { createdTime: 'cm.created_time' },
      order: 'cm.channel_id, cm.user_id',
      total: counterOf('application.memberships', applicationId),
      columns: select({
        channelId: column(int8, 'cm.channel_id'),
        count: column(int8, unreadCount),
        user: userColumns('u'),
      }),
      joins: 'join channel_membership cm on cm.ctid = page.id join "user" u on u.id = cm.user_id',
    },
    page,
  )
}

// ----------------------------------------------------------------------------------------------- read

/** The properties by which lists of readers can be sorted. */
export const sortableReaders = { ...sortableUsers, createdTime: 's.created_time' }

/** Lists the readers of a message by user id, without its author, whose spans may cover it. Index: read_span_range. */
export function listReaders(db: Db, message: Message, page: PageRequest): Promise<Page<ReadReceipt>> {
  const covers = sql`s.channel_id = ${message.channelId}::bigint
    and int8range(s.from_id, s.through_id, '[]') @> ${message.id}::bigint`
  const author = 'user' in message ? message.user.id : 0
  const readTime = timeOf('s', `${message.id}::bigint`)
  return listPage(
    db,
    {
      resource: 'read_receipt',
      from: sql`read_span s join "user" u on u.id = s.user_id`,
      id: 's.id',
      where: [covers, sql`s.user_id <> ${author}::bigint`],
      sortable: { ...sortableReaders, createdTime: readTime },
      order: 's.user_id',
      columns: mapped(
        select({ readTime: column(timestamptz, readTime), user: userColumns('u') }),
        // See data/sql/mark-read.ts.
        ({ readTime, user }) => ({
          messageId: message.id,
          createdTime: latest(readTime, message.createdTime),
          user,
        }),
      ),
      joins: 'join read_span s on s.id = page.id join "user" u on u.id = s.user_id',
    },
    page,
  )
}

/** Returns the later of two ISO times in UTC. */
function latest(one: string, other: string): string {
  return one > other ? one : other
}

/** How many readers of a message are returned at most. */
const readersMax = 100

const readersStatement = reading(
  'readers-of-messages',
  select({ messageId: column(int8, 'm.id'), userId: column(int8, 'reader.user_id') }),
  (columns) => `
    select ${columns} from unnest($2::bigint[]) m (id)
    cross join lateral (
      select s.user_id from read_span s
      where s.channel_id = $1 and int8range(s.from_id, s.through_id, '[]') @> m.id
        and s.user_id is distinct from (select author.user_id from message author where author.id = m.id)
      order by s.user_id limit ${readersMax}
    ) reader`,
)

/** Returns the readers of each of the messages of a channel, those with the lowest ids first. */
export async function readersOf(
  db: Db,
  channelId: number,
  messageIds: number[],
): Promise<Map<number, number[]>> {
  const readers = new Map<number, number[]>()
  if (messageIds.length === 0) return readers
  for (const { messageId, userId } of await db.all(readersStatement, [channelId, messageIds])) {
    readers.set(messageId, [...(readers.get(messageId) ?? []), userId])
  }
  return readers
}

// What one member can see of another's reads, searched from the newest span and message down.
const lastReadStatement = reading(
  'last-read-message',
  column(int8, 'm.id'),
  (columns) => `
    select ${columns} from channel_membership cm
    cross join lateral (
      select s.from_id, s.through_id from read_span s
      where s.channel_id = cm.channel_id and s.user_id = $3 and s.through_id > cm.cleared_through_id
      order by s.from_id desc
    ) s
    cross join lateral (
      select m.id from message m
      where m.channel_id = cm.channel_id and m.id between s.from_id and s.through_id
        and m.id > cm.cleared_through_id and ${isKeptIn('$1', 'm')} and m.user_id is distinct from $3
        and not exists (select from hidden_message h where h.user_id = cm.user_id and h.message_id = m.id)
      order by m.id desc limit 1
    ) m
    where cm.channel_id = $1 and cm.user_id = $2 limit 1`,
)

/** Returns the newest message of others that a user has read in a channel, among those that the viewer can see. */
export async function findLastRead(
  db: Db,
  channelId: number,
  viewerId: number,
  userId: number,
): Promise<SeenMessage | undefined> {
  const id = await db.one(lastReadStatement, [channelId, viewerId, userId])
  return id === undefined ? undefined : (await messagesById(db, [id])).get(id)
}
