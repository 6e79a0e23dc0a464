import type { Context } from '#context.ts'
import type { Caller } from '#domain/access.ts'
import { mustHaveChannel } from '#domain/channels/get-channel.ts'
import type { ChannelEvent, SendChannelEvent } from '#resources/channel-event.ts'

/** Triggers an event of the application's own in a channel. It is told, and not kept. @throws ChatError 404 */
export async function sendChannelEvent(
  ctx: Context,
  caller: Caller,
  channelId: number,
  { type, properties }: SendChannelEvent,
): Promise<ChannelEvent> {
  const { applicationId } = caller
  await mustHaveChannel(ctx, caller, channelId)
  const event = { type, properties }
  await ctx.db.transact((tx) =>
    tx.emit({ type: 'channel.event.triggered', applicationId, channelId, payload: event }),
  )
  return event
}
