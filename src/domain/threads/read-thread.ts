import type { Context } from '#context.ts'
import { markThreadRead } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeThread } from '#domain/access/thread.ts'
import { readerOf } from '#domain/messages/reading/reader.ts'

/** Marks the messages of a thread, and no others of its channel, as read. @throws ChatError 404 */
export async function readThread(ctx: Context, caller: UserCaller, id: number): Promise<void> {
  await markThreadRead(ctx.db, readerOf(ctx, caller), await mustSeeThread(ctx, caller, id))
}
