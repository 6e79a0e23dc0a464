// Who has read what. Never a row per member and message: a member's read spans are stretches of ids, and what is
// unread is worked out from them.
import { counterValue } from '#data/counters.ts'
import type { Db } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { toUser, userColumns } from '#data/rows.ts'
import { isUnread } from '#data/sql/is-unread.ts'
import { sortableUsers, toUserOnPage } from '#data/users.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ReadReceipt } from '#resources/read-receipt.ts'
import type { User } from '#resources/user.ts'

const { sql, raw } = Prisma

const countStatement = {
  name: 'count-unread-messages',
  text: `
    select count(*) from channel_membership cm join message m on m.channel_id = cm.channel_id
    where cm.user_id = $1 and ${isUnread}`,
}

/** How many messages of all its channels a user has yet to read. */
export async function countUnread(db: Db, userId: number): Promise<number> {
  const [row] = await db.query(countStatement, [userId])
  return row?.[0] as number
}

/** Who has read a message, by user id. Index: read_span_range. */
export function listReaders(
  db: Db,
  message: { id: number; channelId: number },
  page: PageRequest,
): Promise<Page<ReadReceipt>> {
  const covers = sql`s.channel_id = ${message.channelId}::bigint
    and int8range(s.from_id, s.through_id, '[]') @> ${message.id}::bigint`
  return listPage(
    db,
    {
      resource: 'read_receipt',
      from: sql`read_span s join "user" u on u.id = s.user_id`,
      id: 's.id',
      where: [covers],
      sortable: { ...sortableUsers, createdTime: 's.created_time' },
      order: 's.user_id',
      select: `
        select page.place, s.created_time, ${userColumns('u')}
        from page join read_span s on s.id = page.id join "user" u on u.id = s.user_id`,
    },
    page,
    (row) => ({ messageId: message.id, createdTime: row[0] as string, user: toUser(row, 1) as User }),
  )
}

export interface UnreadOfMember {
  channelId: number
  user: User
  count: number
}

/** How much each member of each channel of an application has yet to read, by channel and user. */
export function listUnreadOfMembers(
  db: Db,
  applicationId: number,
  page: PageRequest,
): Promise<Page<UnreadOfMember>> {
  return listPage(
    db,
    {
      resource: 'read_receipt_summary',
      from: sql`channel_membership cm join channel c on c.id = cm.channel_id`,
      id: 'cm.ctid',
      where: [sql`c.application_id = ${applicationId}::bigint`],
      sortable: { createdTime: 'cm.created_time' },
      order: 'cm.channel_id, cm.user_id',
      total: raw(counterValue('application.memberships', String(applicationId))),
      select: `
        select page.place, cm.channel_id,
               (select count(*) from message m where m.channel_id = cm.channel_id and ${isUnread}),
               ${userColumns('u')}
        from page join channel_membership cm on cm.ctid = page.id join "user" u on u.id = cm.user_id`,
    },
    page,
    (row) => ({ channelId: row[0] as number, count: row[1] as number, user: toUserOnPage(row.slice(2)) }),
  )
}
