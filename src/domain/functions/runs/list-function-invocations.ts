import type { Context } from '#context.ts'
import { listInvocations } from '#data/functions/invocations.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import type { FunctionInvocation } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists the invocations of a function, newest first. @throws ChatError 404 */
export async function listFunctionInvocations(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
  page: PageRequest,
): Promise<Page<FunctionInvocation>> {
  const { id } = await getFunction(ctx, caller, functionId)
  return listInvocations(ctx.db, id, page)
}
