import type { Context } from '#context.ts'
import { findFunction } from '#data/functions/functions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { ChatFunction } from '#resources/function.ts'

/** @throws ChatError 404 */
export async function getFunction(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<ChatFunction> {
  return mustExist(await findFunction(ctx.db, caller.applicationId, id), 'function', id)
}
