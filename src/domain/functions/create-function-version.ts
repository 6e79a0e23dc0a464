import type { Context } from '#context.ts'
import { insertVersion } from '#data/functions.ts'
import type { Caller } from '#domain/access.ts'
import { notFound } from '#errors.ts'
import type { CreateFunctionVersion, FunctionVersion } from '#resources/function.ts'

/** Adds a version to a function and makes it the current one. @throws ChatError 404 */
export async function createFunctionVersion(
  ctx: Context,
  caller: Caller,
  functionId: number,
  { handlerScript }: CreateFunctionVersion,
): Promise<FunctionVersion> {
  const version = await insertVersion(ctx.db, caller.applicationId, functionId, handlerScript)
  if (!version) throw notFound('function', functionId)
  return version
}
