import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { ChatError } from '#errors.ts'

/** @throws ChatError FeatureDisabledError */
export async function callChannel(ctx: Context, caller: UserCaller, channelId: number): Promise<never> {
  await mustBeMember(ctx, caller, channelId)
  throw new ChatError('FeatureDisabledError', 'Calls are not served')
}
