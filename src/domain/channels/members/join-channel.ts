import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { directChannel, mustSeeChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { admitMember } from '#domain/channels/members/admit-member.ts'
import { unlessGone } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/**
 * Makes the user a member of a public channel, if they are not one already (runtime contract 8.1).
 * @throws ChatError 404 if they may not see the channel, 400 for a direct one
 */
export async function joinChannel(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  const { type, standing } = await mustSeeChannel(ctx, caller, id)
  if (type === 'DIRECT') throw directChannel(id)
  if (standing !== 'member') {
    await ctx.db.transact((tx) => admitMember(tx, caller, id, caller.userId)).catch(unlessGone('channel', id))
  }
  return getChannel(ctx, caller, id)
}
