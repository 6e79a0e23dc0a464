import type { Context } from '#context.ts'
import {
  channelsWithoutBlocks,
  countBlocks,
  messagesReached,
  type Reached,
} from '#data/messages/message-blocks.ts'

/** The progress of counting. */
export interface BlocksPlace {
  reached: Reached
  /** No message with this id or a lower one can be committed any more. */
  finalId: number
  /** The last channel that was checked. */
  channelId: number
}

/**
 * Counts messages of large channels in blocks, for one batch of all channels. Only counts up to an id below which no
 * message can still be committed: the last id at the previous call, if all transactions of that time have ended.
 */
export async function countMessageBlocks(ctx: Context, place?: BlocksPlace): Promise<BlocksPlace> {
  const { isOver, ...reached } = await messagesReached(ctx.db, place?.reached)
  if (!place) return { reached, finalId: 0, channelId: 0 }
  const finalId = isOver ? place.reached.id : place.finalId
  const { channelIds, next } = await channelsWithoutBlocks(ctx.db, place.channelId)
  for (const channelId of channelIds) while (await countBlocks(ctx.db, channelId, finalId));
  return { reached: isOver ? reached : place.reached, finalId, channelId: next ?? 0 }
}
