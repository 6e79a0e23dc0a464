import type { Context } from '#context.ts'
import { markChannelRead } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { readerOf } from '#domain/messages/reading/reader.ts'

/** Reads all messages of a channel. @throws ChatError 404, AccessDeniedError for who is no member */
export async function readChannel(ctx: Context, caller: UserCaller, id: number): Promise<void> {
  if (!(await markChannelRead(ctx.db, readerOf(ctx, caller), id))) await mustBeMember(ctx, caller, id)
}
