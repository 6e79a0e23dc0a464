import type { Context } from '#context.ts'
import { findAdministeredChannel } from '#data/channels/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { AdminChannel } from '#resources/admin/moderation.ts'

/** Returns a channel with the counts of its contents. @throws ChatError 404 */
export async function inspectChannel(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  id: number,
): Promise<AdminChannel> {
  return mustExist(await findAdministeredChannel(ctx.db, applicationId, id), 'channel', id)
}
