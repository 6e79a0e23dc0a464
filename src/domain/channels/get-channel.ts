import type { Context } from '#context.ts'
import { findChannel, findSeenChannel } from '#data/channels/channels.ts'
import type { Caller } from '#domain/access/caller.ts'
import { isVisible } from '#domain/access/channel.ts'
import { notFound } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/** Returns a channel as the caller sees it. @throws ChatError 404, also for a channel that a user must not know of */
export async function getChannel(ctx: Context, caller: Caller, id: number): Promise<SeenChannel> {
  const channel =
    caller.kind === 'user'
      ? await findSeenChannel(ctx.db, caller, id)
      : await findChannel(ctx.db, caller.applicationId, id)
  if (!channel || (caller.kind === 'user' && !isVisible(channel))) throw notFound('channel', id)
  return channel
}
