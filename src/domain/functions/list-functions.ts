import type { Context } from '#context.ts'
import { readFunctionPage } from '#data/functions/functions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ChatFunction } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'

export function listFunctions(
  ctx: Context,
  caller: ApplicationCaller,
  page: PageRequest,
): Promise<Page<ChatFunction>> {
  return readFunctionPage(ctx.db, caller.applicationId, page)
}
