import type { Tx } from '#data/database.ts'
import { expireFile } from '#data/files.ts'
import { deleteMessageRow } from '#data/messages/messages.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustBeThere } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/** Where a message was, and the key of the hosted file that it showed. */
export interface RemovedMessage {
  channelId: number
  /** Null where it was in its channel's main thread. */
  threadId: number | null
  fileKey: string | null
}

/** Deletes a message for everybody, in a transaction of the caller's. @throws ChatError 404 where somebody was faster */
export async function removeMessage(tx: Tx, caller: Caller, message: SeenMessage): Promise<RemovedMessage> {
  const { applicationId } = caller
  const { id } = message
  const deleted = mustBeThere(await deleteMessageRow(tx, applicationId, id), 'message', id)
  const { channelId, threadId, userId, fileKey } = deleted
  if (fileKey) await expireFile(tx, fileKey)
  await noteAct(tx, caller, {
    action: 'message.deleted',
    target: { type: 'message', id },
    details: { channelId },
  })
  await tx.emit({
    type: threadId === null ? 'channel.message.deleted' : 'thread.message.deleted',
    applicationId,
    channelId,
    count: -1,
    payload: { messageId: id, userId, message, ...causeOf(caller) },
    ...(threadId !== null && { threadId }),
  })
  return { channelId, threadId, fileKey }
}
