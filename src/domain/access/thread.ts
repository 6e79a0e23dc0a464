// Who sees a thread.
import type { Context } from '#context.ts'
import { findMessageOfMember } from '#data/messages/seen-messages.ts'
import { findThread, findThreadOfMember, openMessageThread } from '#data/messages/threads.ts'
import type { Caller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Thread } from '#resources/thread.ts'

/**
 * Returns the thread with this id; users see those of the channels they are members of. The id of a message is also the
 * id of its thread, which is created at its first use (contract g), by any caller who sees the message.
 * @throws ChatError 404 if there is neither a thread nor a message with this id
 */
export async function mustSeeThread(ctx: Context, caller: Caller, id: number): Promise<Thread> {
  const thread = (await find(ctx, caller, id)) ?? (await open(ctx, caller, id))
  if (!thread) throw notFound('thread', id)
  return thread
}

function find({ db }: Context, caller: Caller, id: number): Promise<Thread | undefined> {
  const { applicationId } = caller
  return caller.kind === 'user'
    ? findThreadOfMember(db, applicationId, caller.userId, id)
    : findThread(db, applicationId, id)
}

async function open({ db }: Context, caller: Caller, id: number): Promise<Thread | undefined> {
  const { applicationId } = caller
  if (caller.kind === 'user' && !(await findMessageOfMember(db, applicationId, caller.userId, id))) return
  return openMessageThread(db, applicationId, id)
}
