// Who sees a channel, and who may do what in it (runtime contract 8.1, 8.2).
import type { Context } from '#context.ts'
import { findChannelType } from '#data/channels/channels.ts'
import { type ChannelStanding, findStanding } from '#data/channels/memberships.ts'
import type { Caller, UserCaller } from '#domain/access/caller.ts'
import { ChatError, mustBeThere, notFound } from '#errors.ts'
import type { ChannelType, SeenChannel } from '#resources/channel.ts'

/**
 * What a user is to a channel that it may see: one that it is a member of, or a public one that it is not blocked in.
 * @throws ChatError 404, also for a channel that the user must not know of (runtime contract 8.1, 8.2)
 */
export async function mustSeeChannel(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await findStanding(ctx.db, channelId, caller.userId)
  if (!channel || !isVisible(channel)) throw notFound('channel', channelId)
  return channel
}

/** Whether a user with this standing may see the channel. */
export function isVisible({ type, standing }: Pick<SeenChannel, 'type' | 'standing'>): boolean {
  return standing === 'member' || (standing === 'outsider' && type === 'PUBLIC')
}

/** @throws ChatError 404 as {@link mustSeeChannel}, AccessDeniedError for who sees it but is no member */
export async function mustBeMember(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await mustSeeChannel(ctx, caller, channelId)
  if (channel.standing === 'member') return channel
  throw new ChatError('AccessDeniedError', `Only members may do this in channel ${channelId}`)
}

/**
 * Whether a member may change the channel itself: the moderators of a group, and of a direct channel, which has none,
 * each member (runtime contract 8.2).
 */
function mayChange({ type, standing, moderator }: ChannelStanding): boolean {
  return standing === 'member' && (moderator || type === 'DIRECT')
}

/** @throws ChatError 404 and AccessDeniedError as {@link mustBeMember}, and for who may not change the channel */
export async function mustMayChangeChannel(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await mustBeMember(ctx, caller, channelId)
  if (mayChange(channel)) return channel
  throw new ChatError('AccessDeniedError', `Only moderators may do this in channel ${channelId}`)
}

/** The channel is there for the caller. @throws ChatError 404 */
export async function mustHaveChannel(ctx: Context, caller: Caller, id: number): Promise<ChannelType> {
  if (caller.kind === 'user') return (await mustSeeChannel(ctx, caller, id)).type
  return mustBeThere(await findChannelType(ctx.db, caller.applicationId, id), 'channel', id)
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
      ? (await (who === 'members' ? mustBeMember : mustMayChangeChannel)(ctx, caller, id)).type
      : await mustHaveChannel(ctx, caller, id)
  if (type === 'DIRECT') throw directChannel(id)
}

/** That the members of a direct channel are the ones it was made with. */
export function directChannel(id: number): ChatError {
  return new ChatError('ClientError', `channel ${id} is direct: its members do not change`, [
    { resource: 'channel', field: 'type', code: 'invalid', message: 'must be PUBLIC or PRIVATE' },
  ])
}
