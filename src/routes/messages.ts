import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { merging } from '#domain/merge-patch.ts'
import { deleteMessage } from '#domain/messages/delete-message.ts'
import { deleteMessages } from '#domain/messages/delete-messages.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { listApplicationMessages } from '#domain/messages/list-application-messages.ts'
import { listMessageReadReceipts } from '#domain/messages/reading/list-message-read-receipts.ts'
import { updateMessage } from '#domain/messages/update-message.ts'
import { getThreadAt } from '#domain/threads/get-thread-at.ts'
import { applicationResource } from '#resources/application.ts'
import { messageResource, PatchMessage } from '#resources/message.ts'
import { MessageFilters } from '#resources/queries.ts'
import { readReceiptResource } from '#resources/read-receipt.ts'
import { threadResource } from '#resources/thread.ts'
import { cursorPageOf, one, operation, pageOf, WithId } from '#routes/operation.ts'

const about = { tag: 'Messages', about: 'message' }

export const messageOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'listMessages',
    summary: 'List messages',
    description: 'Lists the messages of all channels of the application, newest first.',
    route: 'GET /messages',
    scopes: ['read:message'],
    query: MessageFilters,
    answer: cursorPageOf(messageResource),
    handle: (caller, { query, cursor }) => listApplicationMessages(ctx, caller, query, cursor),
  }),
  operation({
    ...about,
    id: 'deleteMessages',
    summary: 'Delete all messages',
    description:
      'Deletes all messages of the application. They disappear for everybody at once and are then removed in batches. Returns the application.',
    route: 'DELETE /messages',
    scopes: ['read:message', 'delete:message'],
    answer: one(applicationResource),
    handle: async (caller) => {
      await deleteMessages(ctx, caller)
      return getApplication(ctx, caller)
    },
  }),
  operation({
    ...about,
    id: 'retrieveMessage',
    summary: 'Retrieve a message',
    description: 'Retrieves a message by id.',
    route: 'GET /messages/:id',
    scopes: ['read:message'],
    params: WithId,
    answer: one(messageResource),
    handle: (caller, { params }) => getMessage(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'listMessageReadReceipts',
    about: 'read_receipt',
    summary: "List a message's read receipts",
    description: 'Lists who has read the message, and when.',
    route: 'GET /messages/:id/read-receipts',
    scopes: ['read:message', 'read:read_receipt'],
    params: WithId,
    answer: pageOf(readReceiptResource),
    handle: (caller, { params, page }) => listMessageReadReceipts(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'updateMessage',
    summary: 'Update a message',
    description:
      'Updates a message with a JSON merge patch (RFC 7396). A new body is parsed again for mentions and links, and sets `lastEditedTime`.',
    route: 'PATCH /messages/:id',
    scopes: ['read:message', 'update:message'],
    params: WithId,
    body: PatchMessage,
    answer: one(messageResource),
    handle: (caller, { params, body }) => updateMessage(ctx, caller, params.id, merging(body)),
  }),
  operation({
    ...about,
    id: 'deleteMessage',
    summary: 'Delete a message',
    description: 'Deletes a message. Returns the thread that contained it.',
    route: 'DELETE /messages/:id',
    scopes: ['read:message', 'delete:message'],
    params: WithId,
    answer: one(threadResource),
    handle: async (caller, { params }) =>
      getThreadAt(ctx, caller, await deleteMessage(ctx, caller, params.id)),
  }),
]
