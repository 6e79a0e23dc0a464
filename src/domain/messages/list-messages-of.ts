import type { Context } from '#context.ts'
import { listMessages as listMessageRows, type MessageFilters } from '#data/messages/messages.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { Message } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

type Owner = Parameters<typeof listMessageRows>[2]

/** Lists the messages of an owner. @throws ChatError 404 if the application has no such owner */
export async function listMessagesOf(
  ctx: Context,
  caller: ApplicationCaller,
  owner: Owner,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return mustExist(
    await listMessageRows(ctx.db, caller.applicationId, owner, filters, request),
    owner.of.split(' ').at(-1) ?? owner.of,
    owner.id,
  )
}
