import type { Context } from '#context.ts'
import { mustSeeChannel, type UserCaller } from '#domain/access.ts'
import { admitMember } from '#domain/channels/admit-member.ts'
import { directChannel } from '#domain/channels/get-channel.ts'
import { getChannelAs } from '#domain/channels/get-channel-as.ts'
import { unlessGone } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/**
 * The user becomes a member of a public channel; who is one stays one (runtime contract 8.1).
 * @throws ChatError 404 where it may not see the channel, 400 for a direct one
 */
export async function joinChannel(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  const { type, standing } = await mustSeeChannel(ctx, caller, id)
  if (type === 'DIRECT') throw directChannel(id)
  if (standing !== 'member') {
    await ctx.db.transact((tx) => admitMember(tx, caller, id, caller.userId)).catch(unlessGone('channel', id))
  }
  return getChannelAs(ctx, caller, id)
}
