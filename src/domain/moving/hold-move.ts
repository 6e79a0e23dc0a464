import type { Context } from '#context.ts'
import { tryHoldMove } from '#data/moving/hold.ts'
import { ChatError } from '#errors.ts'

/** Locks the application against other moves. @returns a function that releases the lock @throws ChatError 409 */
export async function holdMove(ctx: Context, applicationId: number): Promise<() => Promise<void>> {
  const release = await tryHoldMove(ctx.db, applicationId)
  if (release) return release
  throw new ChatError('ConflictError', `Another move into application ${applicationId} is under way`)
}
