import type { Context } from '#context.ts'
import { markMessageRead } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { readerOf } from '#domain/messages/reading/reader.ts'
import { notFound } from '#errors.ts'

/** Marks one message as read, but none before it; ignores one's own messages and read ones. @throws ChatError 404 */
export async function readMessage(ctx: Context, caller: UserCaller, id: number): Promise<void> {
  if (!(await markMessageRead(ctx.db, readerOf(ctx, caller), id))) throw notFound('message', id)
}
