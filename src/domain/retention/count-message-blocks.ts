import type { Context } from '#context.ts'
import {
  channelsWithoutBlocks,
  countBlocks,
  messagesReached,
  type Reached,
} from '#data/messages/message-blocks.ts'

/** Where counting has come to. */
export interface BlocksPlace {
  reached: Reached
  /** Up to this id no message is still to come. */
  finalId: number
  /** The last channel that was looked at. */
  channelId: number
}

/**
 * Counts messages of channels that have many in blocks, as far as one batch of all channels has any, and as far as no
 * message is still on its way: what had been sent by the call before, if all that went on then is over.
 */
export async function countMessageBlocks(ctx: Context, place?: BlocksPlace): Promise<BlocksPlace> {
  const { isOver, ...reached } = await messagesReached(ctx.db, place?.reached)
  if (!place) return { reached, finalId: 0, channelId: 0 }
  const finalId = isOver ? place.reached.id : place.finalId
  const { channelIds, next } = await channelsWithoutBlocks(ctx.db, place.channelId)
  for (const channelId of channelIds) while (await countBlocks(ctx.db, channelId, finalId));
  return { reached: isOver ? reached : place.reached, finalId, channelId: next ?? 0 }
}
