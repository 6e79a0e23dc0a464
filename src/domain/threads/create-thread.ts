import type { Context } from '#context.ts'
import { insertThread } from '#data/messages/threads.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { unlessGone } from '#errors.ts'
import type { CreateThread, Thread } from '#resources/thread.ts'

/** Creates a standalone thread in a channel. @throws ChatError 404, AccessDeniedError if the caller is not a member */
export async function createThread(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { name, properties = {} }: CreateThread,
): Promise<Thread> {
  const { applicationId } = caller
  await mustBeMember(ctx, caller, channelId)
  return ctx.db
    .transact(async (tx) => {
      const thread = await insertThread(tx, applicationId, channelId, { name, properties })
      await tx.emit({
        type: 'thread.created',
        applicationId,
        channelId,
        threadId: thread.id,
        payload: causeOf(caller),
      })
      return thread
    })
    .catch(unlessGone('channel', channelId))
}
