import type { Context } from '#context.ts'
import { findVersion } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { FunctionVersion } from '#resources/function.ts'

/** @throws ChatError 404 */
export async function getFunctionVersion(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<FunctionVersion> {
  return mustExist(await findVersion(ctx.db, caller.applicationId, id), 'function version', id)
}
