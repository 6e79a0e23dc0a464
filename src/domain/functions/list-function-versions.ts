import type { Context } from '#context.ts'
import { listVersions } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import type { FunctionVersion } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists the versions of a function, newest first. @throws ChatError 404 */
export async function listFunctionVersions(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
  page: PageRequest,
): Promise<Page<FunctionVersion>> {
  const { id } = await getFunction(ctx, caller, functionId)
  return listVersions(ctx.db, id, page)
}
