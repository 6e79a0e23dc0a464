import type { Context } from '#context.ts'
import { listThreads } from '#data/messages/threads.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { Thread } from '#resources/thread.ts'

export interface ChannelThreadFilters {
  /** Whether the channel's main thread is one of them; as a rule it is, but not among standalone ones. */
  includeMainThread?: boolean | undefined
  /** Only those that are not the replies to a message. */
  standalone?: boolean | undefined
}

/** Threads of a channel, oldest first. @throws ChatError 404, AccessDeniedError for who is no member */
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
