import type { Context } from '#context.ts'
import { listThreads } from '#data/messages/threads.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { Thread } from '#resources/thread.ts'

export interface ChannelThreadFilters {
  /** Whether to include the channel's main thread; true by default, unless `standalone` is set. */
  includeMainThread?: boolean | undefined
  /** Excludes threads of replies to a message. */
  standalone?: boolean | undefined
}

/** Lists threads of a channel, oldest first. @throws ChatError 404, AccessDeniedError if the caller is not a member */
export async function listChannelThreads(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { standalone = false, includeMainThread = !standalone }: ChannelThreadFilters,
  page: PageRequest,
): Promise<Page<Thread>> {
  await mustBeMember(ctx, caller, channelId)
  const filters = { main: includeMainThread, ofMessages: !standalone }
  return listThreads(ctx.db, channelId, caller.userId, filters, page)
}
