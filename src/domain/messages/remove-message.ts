import { noteActivity } from '#data/channels/activity.ts'
import type { Tx } from '#data/database.ts'
import { expireFile } from '#data/files.ts'
import { deleteMessageRow } from '#data/messages/messages.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustExist } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/** The place of a deleted message, and the key of its hosted file. */
export interface RemovedMessage {
  channelId: number
  /** Null if the message was in its channel's main thread. */
  threadId: number | null
  fileKey: string | null
}

/** Deletes a message for everybody, in the caller's transaction. @throws ChatError 404 also if already deleted */
export async function removeMessage(tx: Tx, caller: Caller, message: SeenMessage): Promise<RemovedMessage> {
  const { applicationId } = caller
  const { id, parentId } = message
  // Before the deletion, which shares the lock of the channel with others: raising a shared lock would be a deadlock.
  await noteActivity(tx, message.channelId, message.createdTime)
  const deleted = mustExist(await deleteMessageRow(tx, applicationId, id), 'message', id)
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
    payload: {
      messageId: id,
      userId,
      message,
      ...(parentId !== undefined && { parentId }),
      ...causeOf(caller),
    },
    ...(threadId !== null && { threadId }),
  })
  return { channelId, threadId, fileKey }
}
