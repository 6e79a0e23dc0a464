import type { Context } from '#context.ts'
import { findMessageOfMember } from '#data/messages/seen-messages.ts'
import { findThread } from '#data/messages/threads.ts'
import { assembleMessage, initialValues } from '#data/rows.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { SeenMessage } from '#resources/message.ts'

/** The text shown in place of a message that is gone. */
const unavailableBody = 'This message is not available'

/** Returns the root message of a thread, or a placeholder if the message is gone. */
export async function findOrStandIn(
  ctx: Context,
  caller: UserCaller,
  {
    id,
    channelId,
    nestedLevel,
    createdTime,
  }: Pick<SeenMessage, 'id' | 'channelId' | 'nestedLevel' | 'createdTime'>,
): Promise<SeenMessage> {
  const found = await findMessageOfMember(ctx.db, caller.applicationId, caller.userId, id)
  if (found) return found.message
  const thread = await findThread(ctx.db, caller.applicationId, id)
  return assembleMessage({
    ...initialValues,
    id,
    type: 'SYSTEM_TEXT',
    channelId,
    nestedLevel,
    body: unavailableBody,
    file: null,
    groupTag: null,
    links: null,
    mentions: null,
    properties: {},
    createdTime: thread?.createdTime ?? createdTime,
    parentId: null,
    user: undefined,
  })
}
