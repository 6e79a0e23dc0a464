// Who sees a thread.
import type { Context } from '#context.ts'
import { findMessageOfMember } from '#data/messages/seen-messages.ts'
import { findThread, findThreadOfMember, openMessageThread } from '#data/messages/threads.ts'
import type { Caller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Thread } from '#resources/thread.ts'

/**
 * The thread with this id; users see those of the channels that they are members of. A message's id is its thread's
 * too: the thread is opened at its first use (contract g), by who sees the message.
 * @throws ChatError 404 where it is neither
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
