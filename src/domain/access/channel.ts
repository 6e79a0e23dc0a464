// Who sees a channel, and who may do what in it (runtime contract 8.1, 8.2).
import type { Context } from '#context.ts'
import { findChannelType } from '#data/channels/channels.ts'
import { type ChannelStanding, findStanding } from '#data/channels/memberships.ts'
import type { Caller, UserCaller } from '#domain/access/caller.ts'
import { ChatError, mustExist, notFound } from '#errors.ts'
import type { ChannelType, SeenChannel } from '#resources/channel.ts'

/**
 * Returns a user's standing in a channel that they may see: as a member, or if it is public and they are not blocked.
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

/** Returns whether a user with this standing may see the channel. */
export function isVisible({ type, standing }: Pick<SeenChannel, 'type' | 'standing'>): boolean {
  return standing === 'member' || (standing === 'outsider' && type === 'PUBLIC')
}

/** @throws ChatError 404 like {@link mustSeeChannel}, AccessDeniedError if the caller is not a member */
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
 * Returns whether a member may change the channel itself: moderators may in a group channel, and every member in a
 * direct channel, which has no moderators (runtime contract 8.2).
 */
function mayChange({ type, standing, moderator }: ChannelStanding): boolean {
  return standing === 'member' && (moderator || type === 'DIRECT')
}

/** @throws ChatError 404 and AccessDeniedError like {@link mustBeMember}, or if the caller may not change it */
export async function mustBeAllowedToChangeChannel(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await mustBeMember(ctx, caller, channelId)
  if (mayChange(channel)) return channel
  throw new ChatError('AccessDeniedError', `Only moderators may do this in channel ${channelId}`)
}

/** Requires that the channel exists for the caller, and returns its type. @throws ChatError 404 */
export async function mustHaveChannel(ctx: Context, caller: Caller, id: number): Promise<ChannelType> {
  if (caller.kind === 'user') return (await mustSeeChannel(ctx, caller, id)).type
  return mustExist(await findChannelType(ctx.db, caller.applicationId, id), 'channel', id)
}

/**
 * Requires a group channel, whose members may change. Among users, `who` may change them (runtime contract 8.2).
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
      ? (await (who === 'members' ? mustBeMember : mustBeAllowedToChangeChannel)(ctx, caller, id)).type
      : await mustHaveChannel(ctx, caller, id)
  if (type === 'DIRECT') throw directChannel(id)
}

/** Returns the error for an attempt to change the members of a direct channel, which are fixed at its creation. */
export function directChannel(id: number): ChatError {
  return new ChatError('ClientError', `channel ${id} is direct: its members do not change`, [
    { resource: 'channel', field: 'type', code: 'invalid', message: 'must be PUBLIC or PRIVATE' },
  ])
}
