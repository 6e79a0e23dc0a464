// Whom the moderators of a group channel keep out of it (runtime contract 8.2).

import type { Context } from '#context.ts'
import {
  deleteChannelBlock,
  insertChannelBlock,
  lockDoor,
  readChannelBlockPage,
} from '#data/channel-blocks.ts'
import { deleteMember, type MemberMatch } from '#data/memberships.ts'
import { usersById } from '#data/users.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustBeMember, mustHaveGroupChannel } from '#domain/access/channel.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { ChatError, notFound, unlessGone } from '#errors.ts'
import type { ChannelBlockRecord } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { UserReference } from '#resources/user.ts'

/** For members. @throws ChatError 404, AccessDeniedError */
export async function listChannelBlocks(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  match: MemberMatch,
  page: PageRequest,
): Promise<Page<ChannelBlockRecord>> {
  await mustBeMember(ctx, caller, channelId)
  return readChannelBlockPage(ctx.db, channelId, match, page)
}

/**
 * Keeps a user out of a channel: it is removed if it is a member, and cannot come back. Who is kept out stays so.
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError for who is no moderator, ValidationError for
 * oneself
 */
export async function blockChannelUser(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  reference: UserReference,
): Promise<ChannelBlockRecord> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, reference)
  if (user.id === caller.userId) throw new ChatError('ValidationError', 'Moderators cannot block themselves')
  return ctx.db
    .transact(async (tx) => {
      await lockDoor(tx, channelId, user.id)
      const { id, createdTime, isNew } = await insertChannelBlock(tx, channelId, user.id)
      const base = { applicationId, channelId }
      const about = { userId: user.id, ...causeOf(caller) }
      if (isNew) {
        const payload = { ...about, recordId: id, createdTime }
        await tx.emit({ type: 'channel.block_record.created', ...base, payload })
      }
      if (await deleteMember(tx, channelId, user.id)) {
        const payload = { ...about, blocked: true }
        await tx.emit({ type: 'channel.member.left', ...base, count: -1, payload })
      }
      return { id, channelId, user, createdTime }
    })
    .catch(unlessGone('channel', channelId))
}

/** Lets a user in again; it does not come back by itself. @throws ChatError 404, AccessDeniedError */
export async function deleteChannelBlockRecord(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  id: number,
): Promise<ChannelBlockRecord> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const { userId, createdTime } = await ctx.db.transact(async (tx) => {
    const gone = await deleteChannelBlock(tx, channelId, id)
    if (!gone) throw notFound('channel block record', id)
    const payload = { ...gone, recordId: id, ...causeOf(caller) }
    await tx.emit({ type: 'channel.block_record.deleted', applicationId, channelId, payload })
    return gone
  })
  const user = (await usersById(ctx.db, [userId])).get(userId)
  if (!user) throw notFound('user', userId)
  return { id, channelId, user, createdTime }
}
