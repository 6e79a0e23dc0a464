import type { Context } from '#context.ts'
import { findChannel, findChannelType } from '#data/channels.ts'
import type { Caller } from '#domain/access.ts'
import { ChatError, notFound } from '#errors.ts'
import type { Channel, ChannelType } from '#resources/channel.ts'

/** @throws ChatError 404 */
export async function getChannel(ctx: Context, caller: Caller, id: number): Promise<Channel> {
  const channel = await findChannel(ctx.db, caller.applicationId, id)
  if (!channel) throw notFound('channel', id)
  return channel
}

/** @throws ChatError 404 */
export async function mustHaveChannel(ctx: Context, caller: Caller, id: number): Promise<ChannelType> {
  const type = await findChannelType(ctx.db, caller.applicationId, id)
  if (!type) throw notFound('channel', id)
  return type
}

/** Only group channels change their members. @throws ChatError 404, or 400 for a direct channel (contract g) */
export async function mustHaveGroupChannel(ctx: Context, caller: Caller, id: number): Promise<void> {
  if ((await mustHaveChannel(ctx, caller, id)) === 'DIRECT') {
    throw new ChatError('ClientError', `channel ${id} is direct: its members do not change`, [
      { resource: 'channel', field: 'type', code: 'invalid', message: 'must be PUBLIC or PRIVATE' },
    ])
  }
}
