import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustSeeThread } from '#domain/access/thread.ts'
import type { Thread } from '#resources/thread.ts'

/** Returns a thread that the caller sees. @throws ChatError 404 */
export function getThread(ctx: Context, caller: Caller, id: number): Promise<Thread> {
  return mustSeeThread(ctx, caller, id)
}
