import type { Context } from '#context.ts'
import { markChannelRead } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { readerOf } from '#domain/messages/reading/reader.ts'

/** Marks all messages of a channel as read. @throws ChatError 404, AccessDeniedError if the caller is not a member */
export async function readChannel(ctx: Context, caller: UserCaller, id: number): Promise<void> {
  if (!(await markChannelRead(ctx.db, readerOf(ctx, caller), id))) await mustBeMember(ctx, caller, id)
}
