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

export interface NewInvite {
  channelId: number
  inviteeId: number
  inviterId: number | undefined
  /** Whether an existing invite becomes one of this inviter, as of now; otherwise it is kept. */
  renews: boolean
}

/** Invites a user. @returns the invite, and whether it is new or renewed */
export function putInvite(tx: Tx, invite: NewInvite): Promise<{ invite: ChannelInvite; isNew: boolean }> {
  const { channelId, inviteeId, inviterId, renews } = invite
  return tx.single(putStatement, [channelId, inviteeId, inviterId, renews])
}

// The update also makes the statement return an invite that is kept.
const putStatement = reading(
  'put-invite',
  select({ invite: inviteColumns, isNew: column(bool, 'i.xmax = 0 or $4::boolean') }),
  (columns) => `
    insert into channel_invite as i (channel_id, invitee_id, inviter_id) values ($1, $2, $3)
    on conflict (channel_id, invitee_id) do update set
      inviter_id = case when $4::boolean then excluded.inviter_id else i.inviter_id end,
      created_time = case when $4::boolean then excluded.created_time else i.created_time end
    returning ${columns}`,
)
