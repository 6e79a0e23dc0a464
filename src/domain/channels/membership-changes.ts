// What a member changes of a channel for itself alone (runtime contract 8.7).

import type { Context } from '#context.ts'
import { clearHistoryRow, setHidden, setMuted } from '#data/channels/memberships.ts'
import type { Tx } from '#data/database.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { ChatError } from '#errors.ts'
import type { MuteChannel, SeenChannel } from '#resources/channel.ts'

/** Notifications of a muted channel are muted, too. @throws ChatError 404, AccessDeniedError */
export async function muteChannel(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { state }: MuteChannel,
): Promise<SeenChannel> {
  await mustBeMember(ctx, caller, id)
  const muted = state === 'ON'
  return change(ctx, caller, id, muted ? 'muted' : 'unmuted', (tx) => setMuted(tx, id, caller.userId, muted))
}

/**
 * Takes a direct channel out of the member's lists until somebody writes or it is created again.
 * @throws ChatError 404, 400 for a group channel
 */
export async function hideChannel(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  const { type } = await mustBeMember(ctx, caller, id)
  if (type !== 'DIRECT') {
    throw new ChatError('ClientError', `channel ${id} is a group: only direct channels can be hidden`, [
      { resource: 'channel', field: 'type', code: 'invalid', message: 'must be DIRECT' },
    ])
  }
  return change(ctx, caller, id, 'hidden', (tx) => setHidden(tx, id, caller.userId, true))
}

/** The member sees no message any more that was there until now. @throws ChatError 404, AccessDeniedError */
export async function clearHistory(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  await mustBeMember(ctx, caller, id)
  return change(ctx, caller, id, 'history_cleared', (tx) => clearHistoryRow(tx, id, caller.userId))
}

async function change(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  name: 'muted' | 'unmuted' | 'hidden' | 'history_cleared',
  write: (tx: Tx) => Promise<boolean>,
): Promise<SeenChannel> {
  const { applicationId, userId } = caller
  await ctx.db.transact(async (tx) => {
    if (!(await write(tx))) return
    const payload = { userId, change: name, ...causeOf(caller) }
    await tx.emit({ type: 'channel.membership.changed', applicationId, channelId, payload })
  })
  return getChannel(ctx, caller, channelId)
}
