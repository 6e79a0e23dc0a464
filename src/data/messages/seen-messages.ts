// Messages as a member of their channel sees them: without those that they have cleared or hidden for themselves.

import { bool, column, int8, select } from '#data/columns.ts'
import { type Db, reading, readingByKey, type Tx } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { withDetails } from '#data/messages/message-details.ts'
import { cutPage, newest } from '#data/messages/messages.ts'
import { isKept, isKeptIn, withdrawnThrough } from '#data/removal/kept-messages.ts'
import { messageColumns } from '#data/rows.ts'
import { countBetween, endOfMessages } from '#data/sql/count-messages.ts'
import { isHidden } from '#data/sql/is-unread.ts'
import { listSeenMessagesStatement, type SeenListShape } from '#data/sql/list-seen-messages.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** A message as a member of its channel sees it. */
export interface MessageOfMember {
  message: SeenMessage
  /** Whether the member is a moderator of the channel. */
  moderator: boolean
}

const findOfMemberStatement = readingByKey(
  'find-message-of-member',
  select({ moderator: column(bool, 'cm.moderator'), message: messageColumns('m', 'u') }),
  (columns) => `
    select ${columns}
    from message m join channel_membership cm on cm.channel_id = m.channel_id and cm.user_id = $3
    left join "user" u on u.id = m.user_id
    where m.id = $2 and m.application_id = $1 and m.id > cm.cleared_through_id and not ${isHidden} and ${isKept('m')}`,
)

/** Returns a message unless the user cannot see it: they are not a member, or have cleared or hidden it. */
export async function findMessageOfMember(
  db: Db,
  applicationId: number,
  userId: number,
  id: number,
): Promise<MessageOfMember | undefined> {
  const found = await db.one(findOfMemberStatement, [applicationId, id, userId])
  if (found) await withDetails(db, [found.message])
  return found
}

/** Returns a page of the messages a member can see, newest first; undefined if the user is not a member. */
export async function listMessagesOfMember(
  db: Db,
  userId: number,
  place: { of: Exclude<SeenListShape['of'], 'all channels'>; id: number } | { of: 'all channels' },
  { files }: { files: boolean },
  request: CursorRequest,
): Promise<CursorPage<SeenMessage> | undefined> {
  const newer = request.relation === 'PREVIOUS' && request.start !== undefined
  const cursor = (request.relation === 'NEXT' ? request.next : request.start) ?? newest
  const statement = listSeenMessagesStatement({ of: place.of, newer, files })
  const id = place.of === 'all channels' ? null : place.id
  const rows = await db.all(statement, [id, userId, cursor, request.size + 1])
  if (!rows[0]) return undefined
  const { anyNewer, newestOlder } = rows[0]
  const found = rows.flatMap(({ message }) => message ?? [])
  return cutPage(db, request, { newer, cursor, found, anyNewer, newestOlder })
}

const idsBetweenStatement = reading(
  'message-ids-between',
  column(int8, 'found.id'),
  (columns) => `
    select ${columns} from channel_membership cm cross join lateral (
      select m.id from message m
      where m.channel_id = cm.channel_id and m.id between $3 and $4 and m.id > cm.cleared_through_id
        and ${isKeptIn('$1', 'm')} and not ${isHidden}
      order by m.id desc limit $5
    ) found
    where cm.channel_id = $1 and cm.user_id = $2 order by found.id desc`,
)

/** Returns ids of messages that a member can see, newest first. */
export async function messageIdsBetween(
  db: Db,
  channelId: number,
  userId: number,
  { from = 0, through = newest, limit }: { from?: number; through?: number; limit: number },
): Promise<number[]> {
  return db.all(idsBetweenStatement, [channelId, userId, from, through, limit])
}

const seenCount = `
  case when cm.cleared_through_id = 0 then ${counterValue('channel.messages', 'cm.channel_id')}
       else ${countBetween(`greatest(cm.cleared_through_id, ${withdrawnThrough('cm.channel_id')})`, endOfMessages)}
  end - (
    select count(*) from hidden_message h join message m on m.id = h.message_id
    where h.user_id = cm.user_id and h.message_id > cm.cleared_through_id and m.channel_id = cm.channel_id
      and ${isKept('m')})`

const countOfMemberStatement = reading(
  'count-messages-of-member',
  column(int8, seenCount),
  (columns) => `select ${columns} from channel_membership cm where cm.channel_id = $1 and cm.user_id = $2`,
)

/** Returns how many messages of a channel a member can see. */
export async function countMessagesOfMember(db: Db, channelId: number, userId: number): Promise<number> {
  return (await db.one(countOfMemberStatement, [channelId, userId])) ?? 0
}

const lastHiddenStatement = reading(
  'last-messages-hidden',
  select({ channelId: column(int8, 'hidden.channel_id'), userId: column(int8, 'hidden.user_id') }),
  (columns) => `
    with last as (select * from unnest($1::bigint[], $2::bigint[]) last (channel_id, message_id))
    select ${columns} from (
      select last.channel_id, h.user_id from last join hidden_message h on h.message_id = last.message_id
      union all
      select last.channel_id, concerned.user_id
      from unnest($3::bigint[], $4::bigint[]) concerned (channel_id, user_id)
      join last on last.channel_id = concerned.channel_id join channel c on c.id = last.channel_id
      left join channel_membership cm on cm.channel_id = c.id and cm.user_id = concerned.user_id
      where case when cm.user_id is null then c.type <> 'PUBLIC' else cm.cleared_through_id >= last.message_id end
    ) hidden (channel_id, user_id)`,
)

export interface MemberOfChannel {
  channelId: number
  userId: number
}

/**
 * Returns the users who may not see these last messages of channels: who have hidden them for themselves, and those of
 * the concerned who are not members of a channel that is not public, or have cleared their history.
 * @param last read before: otherwise a message that is hidden between both reads would be shown
 */
export async function lastMessagesHidden(
  db: Db,
  last: { channelId: number; messageId: number }[],
  concerned: MemberOfChannel[],
): Promise<MemberOfChannel[]> {
  if (last.length === 0) return []
  return db.all(lastHiddenStatement, [
    last.map(({ channelId }) => channelId),
    last.map(({ messageId }) => messageId),
    concerned.map(({ channelId }) => channelId),
    concerned.map(({ userId }) => userId),
  ])
}

/** Hides a message for one user. @returns whether that is new @throws a foreign key violation */
export async function hideMessageRow(tx: Tx, messageId: number, userId: number): Promise<boolean> {
  return (await tx.run(hideStatement, [userId, messageId])) > 0
}

const hideStatement = {
  name: 'hide-message',
  text: 'insert into hidden_message (user_id, message_id) values ($1, $2) on conflict do nothing',
}
