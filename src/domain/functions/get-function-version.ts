import type { Context } from '#context.ts'
import { findVersion } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { FunctionVersion } from '#resources/function.ts'

/** @throws ChatError 404 */
export async function getFunctionVersion(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<FunctionVersion> {
  const version = await findVersion(ctx.db, caller.applicationId, id)
  if (!version) throw notFound('function version', id)
  return version
}
