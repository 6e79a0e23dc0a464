import type { Context } from '#context.ts'
import { findChannel, findChannelType } from '#data/channels.ts'
import { type Caller, mustBeAbleToChange, mustBeMember, mustSeeChannel } from '#domain/access.ts'
import { getChannelAs } from '#domain/channels/get-channel-as.ts'
import { ChatError, notFound } from '#errors.ts'
import type { ChannelType, SeenChannel } from '#resources/channel.ts'

/** @throws ChatError 404 */
export async function getChannel(ctx: Context, caller: Caller, id: number): Promise<SeenChannel> {
  if (caller.kind === 'user') return getChannelAs(ctx, caller, id)
  const channel = await findChannel(ctx.db, caller.applicationId, id)
  if (!channel) throw notFound('channel', id)
  return channel
}

/** The channel is there for the caller. @throws ChatError 404 */
export async function mustHaveChannel(ctx: Context, caller: Caller, id: number): Promise<ChannelType> {
  if (caller.kind === 'user') return (await mustSeeChannel(ctx, caller, id)).type
  const type = await findChannelType(ctx.db, caller.applicationId, id)
  if (!type) throw notFound('channel', id)
  return type
}

/**
 * Only group channels change their members. Where users do so, `who` of them may (runtime contract 8.2).
 * @throws ChatError 404, 400 for a direct channel (contract g), AccessDeniedError
 */
export async function mustHaveGroupChannel(
  ctx: Context,
  caller: Caller,
  id: number,
  who: 'members' | 'moderators' = 'moderators',
): Promise<void> {
  const type =
    caller.kind === 'user'
      ? (await (who === 'members' ? mustBeMember : mustBeAbleToChange)(ctx, caller, id)).type
      : await mustHaveChannel(ctx, caller, id)
  if (type === 'DIRECT') throw directChannel(id)
}

/** That the members of a direct channel are the ones it was made with. */
export function directChannel(id: number): ChatError {
  return new ChatError('ClientError', `channel ${id} is direct: its members do not change`, [
    { resource: 'channel', field: 'type', code: 'invalid', message: 'must be PUBLIC or PRIVATE' },
  ])
}
