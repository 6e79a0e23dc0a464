import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Returns an empty page, because this server has no calls. @throws ChatError 404, AccessDeniedError */
export async function listCalls(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { number, size }: PageRequest,
): Promise<Page<never>> {
  await mustBeMember(ctx, caller, channelId)
  return { items: [], number, size, total: 0 }
}
