import type { Context } from '#context.ts'
import { knownSorts } from '#data/lists.ts'
import { listReaders, sortableReaders } from '#data/messages/reading.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ReadReceipt } from '#resources/read-receipt.ts'

/** Lists who has read a message, and when. Unknown sort fields are an error for backends only. @throws ChatError 404 */
export async function listMessageReadReceipts(
  ctx: Context,
  caller: Caller,
  id: number,
  page: PageRequest,
): Promise<Page<ReadReceipt>> {
  const message = await mustSeeMessage(ctx, caller, id)
  return listReaders(ctx.db, message, caller.kind === 'user' ? knownSorts(page, sortableReaders) : page)
}
