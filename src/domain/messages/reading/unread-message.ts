import type { Context } from '#context.ts'
import { markMessageUnread } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { readerOf } from '#domain/messages/reading/reader.ts'
import { notFound } from '#errors.ts'

/** Marks a read message as unread. @throws ChatError 404 */
export async function unreadMessage(ctx: Context, caller: UserCaller, id: number): Promise<void> {
  if (!(await markMessageUnread(ctx.db, readerOf(ctx, caller), id))) throw notFound('message', id)
}
