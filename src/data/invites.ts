import { columnsOf, int8, select, timestamptz } from '#data/columns.ts'
import type { Db, Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import type { ChannelInvite } from '#resources/invite.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

/** Invites to a channel, oldest first. */
export function listInvites(db: Db, channelId: number, page: PageRequest): Promise<Page<ChannelInvite>> {
  return listPage(
    db,
    {
      resource: 'channel_invite',
      from: sql`channel_invite i`,
      id: 'i.id',
      where: [sql`i.channel_id = ${channelId}::bigint`],
      sortable: { id: 'i.id', createdTime: 'i.created_time' },
      order: 'i.id',
      columns: select(columnsOf({ channelId: int8, inviteeId: int8, createdTime: timestamptz }, 'i')),
      joins: 'join channel_invite i on i.id = page.id',
    },
    page,
  )
}

/** Invites a user; who was invited before keeps that invite. @returns it, and whether it is new */
export async function insertInvite(
  tx: Tx,
  channelId: number,
  inviteeId: number,
  inviterId?: number,
): Promise<{ invite: ChannelInvite; isNew: boolean }> {
  const key = { channelId: BigInt(channelId), inviteeId: BigInt(inviteeId) }
  const { count } = await tx.prisma.channelInvite.createMany({
    data: [{ ...key, ...(inviterId !== undefined && { inviterId: BigInt(inviterId) }) }],
    skipDuplicates: true,
  })
  const row = await tx.prisma.channelInvite.findUniqueOrThrow({
    where: { channelId_inviteeId: key },
    select: { createdTime: true },
  })
  return { invite: { channelId, inviteeId, createdTime: row.createdTime.toISOString() }, isNew: count > 0 }
}
