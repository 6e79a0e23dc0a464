import type { Context } from '#context.ts'
import { readersOf } from '#data/messages/reading.ts'
import { messageIdsBetween } from '#data/messages/seen-messages.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import type { ChannelContext } from '#resources/channel.ts'
import { pageSizeDefault, pageSizeMax } from '#resources/page.ts'

/** The first and the last message of a range, both included, in either order. */
export interface ContextEnds {
  startCursor?: number | undefined
  endCursor?: number | undefined
}

/**
 * Returns who has read which messages of a range in a channel, by default its newest page (runtime contract 11, 10). Of
 * a range longer than the maximum page, only the newest messages; of many readers of a message, the first by id.
 * @throws ChatError 404, AccessDeniedError if the caller is not a member
 */
export async function getChannelContext(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { startCursor, endCursor }: ContextEnds,
): Promise<ChannelContext> {
  await mustBeMember(ctx, caller, channelId)
  const ends = [startCursor, endCursor].filter((end) => end !== undefined)
  const ids = await messageIdsBetween(ctx.db, channelId, caller.userId, stretch(ends))
  const readers = await readersOf(ctx.db, channelId, ids)
  return {
    startCursor: ids[0],
    endCursor: ids.at(-1),
    readBy: Object.fromEntries(ids.map((id) => [id, readers.get(id) ?? []])),
  }
}

/** Returns the range; with one end only, a page that begins there and continues with older messages. */
function stretch(ends: number[]) {
  if (ends.length === 2) return { from: Math.min(...ends), through: Math.max(...ends), limit: pageSizeMax }
  return { ...(ends[0] !== undefined && { through: ends[0] }), limit: pageSizeDefault }
}
