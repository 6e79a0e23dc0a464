import type { Context } from '#context.ts'
import { findSeenChannel } from '#data/channels.ts'
import { isVisible, type UserCaller } from '#domain/access.ts'
import { notFound } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/** A channel as the user sees it. @throws ChatError 404, also where it must not know of it */
export async function getChannelAs(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  const channel = await findSeenChannel(ctx.db, caller, id)
  if (!channel || !isVisible(channel)) throw notFound('channel', id)
  return channel
}
