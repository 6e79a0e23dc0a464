import type { Context } from '#context.ts'
import { findCurrentVersion } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'
import type { FunctionVersion } from '#resources/function.ts'

/** Returns the version that runs. @throws ChatError 404 if there is no such function, or it has no version yet */
export async function getCurrentVersion(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
): Promise<FunctionVersion> {
  const version = await findCurrentVersion(ctx.db, caller.applicationId, functionId)
  if (version) return version
  throw new ChatError('ResourceNotFoundError', `function ${functionId} does not exist, or has no version yet`)
}
