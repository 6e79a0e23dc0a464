import type { Context } from '#context.ts'
import { knownSorts } from '#data/lists.ts'
import { listReaders, sortableReaders } from '#data/reading.ts'
import type { UserCaller } from '#domain/access.ts'
import { getMessageAs } from '#domain/messages/get-message-as.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ReadReceipt } from '#resources/read-receipt.ts'

/** Who has read a message that a user sees, and when. @throws ChatError 404 */
export async function listMessageReadReceiptsAs(
  ctx: Context,
  caller: UserCaller,
  id: number,
  page: PageRequest,
): Promise<Page<ReadReceipt>> {
  const message = await getMessageAs(ctx, caller, id)
  return listReaders(ctx.db, message, knownSorts(page, sortableReaders))
}
