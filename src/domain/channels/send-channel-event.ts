import type { Context } from '#context.ts'
import { findUser } from '#data/users/users.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeMember, mustHaveChannel } from '#domain/access/channel.ts'
import type { ChannelEvent, SendChannelEvent } from '#resources/channel-event.ts'

/**
 * Publishes a custom event of the application in a channel, without storing it.
 * @throws ChatError 404, AccessDeniedError if a user is not a member
 */
export async function sendChannelEvent(
  ctx: Context,
  caller: Caller,
  channelId: number,
  { type, properties }: SendChannelEvent,
): Promise<ChannelEvent> {
  const { applicationId } = caller
  const event = { type, properties }
  if (caller.kind === 'application') await mustHaveChannel(ctx, caller, channelId)
  else await mustBeMember(ctx, caller, channelId)
  const userId = caller.kind === 'user' ? caller.userId : undefined
  await ctx.db.transact((tx) =>
    tx.emit({
      type: 'channel.event.triggered',
      applicationId,
      channelId,
      payload: { event, ...(userId !== undefined && { userId }), ...causeOf(caller) },
    }),
  )
  if (userId === undefined) return event
  return { ...event, user: await findUser(ctx.db, applicationId, userId) }
}
