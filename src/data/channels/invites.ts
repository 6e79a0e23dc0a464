import { bool, column, columnsOf, int8, select, timestamptz } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import type { ChannelInvite } from '#resources/invite.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

export const inviteShape = { channelId: int8, inviteeId: int8, createdTime: timestamptz }
const inviteColumns = select(columnsOf(inviteShape, 'i'))

/** Lists the invites to a channel, oldest first. */
export function listInvites(db: Db, channelId: number, page: PageRequest): Promise<Page<ChannelInvite>> {
  return listPage(
    db,
    {
      name: 'list-invites',
      resource: 'channel_invite',
      from: sql`channel_invite i`,
      id: 'i.id',
      where: [sql`i.channel_id = ${channelId}::bigint`],
      sortable: { id: 'i.id', createdTime: 'i.created_time' },
      order: 'i.id',
      columns: inviteColumns,
      joins: 'join channel_invite i on i.id = page.id',
    },
    page,
  )
}

/** Invites a user; an existing invite is kept. @returns the invite and whether it is new */
export function insertInvite(
  tx: Tx,
  channelId: number,
  inviteeId: number,
  inviterId?: number,
): Promise<{ invite: ChannelInvite; isNew: boolean }> {
  return tx.single(insertStatement, [channelId, inviteeId, inviterId])
}

// The update changes nothing; it makes the statement return an invite that already exists.
const insertStatement = reading(
  'insert-invite',
  select({ invite: inviteColumns, isNew: column(bool, 'i.xmax = 0') }),
  (columns) => `
    insert into channel_invite as i (channel_id, invitee_id, inviter_id) values ($1, $2, $3)
    on conflict (channel_id, invitee_id) do update set channel_id = excluded.channel_id returning ${columns}`,
)
