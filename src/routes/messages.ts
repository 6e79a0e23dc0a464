import { z } from 'zod'
import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { deleteMessage, deleteMessages } from '#domain/messages/delete-message.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { listApplicationMessages } from '#domain/messages/list-messages.ts'
import { updateMessage } from '#domain/messages/update-message.ts'
import { applicationResource } from '#resources/application.ts'
import { messageResource, PatchMessage } from '#resources/message.ts'
import { QueryText } from '#resources/queries.ts'
import { threadResource } from '#resources/thread.ts'
import { cursorPageOf, one, operation, WithId } from '#routes/operation.ts'

const tag = 'Messages'
const about = 'message'

export const messageOperations = (ctx: Context) => [
  operation({
    id: 'listMessages',
    tag,
    about,
    summary: 'List messages',
    method: 'GET',
    path: '/messages',
    scopes: ['read:message'],
    query: z.object({ username: QueryText, query: QueryText }),
    answer: cursorPageOf(messageResource),
    handle: (caller, { query, cursor }) => listApplicationMessages(ctx, caller, query, cursor),
  }),
  operation({
    id: 'deleteMessages',
    tag,
    about,
    summary: 'Delete all messages',
    method: 'DELETE',
    path: '/messages',
    scopes: ['read:message', 'delete:message'],
    answer: one(applicationResource),
    handle: async (caller) => {
      await deleteMessages(ctx, caller)
      return getApplication(ctx, caller)
    },
  }),
  operation({
    id: 'retrieveMessage',
    tag,
    about,
    summary: 'Retrieve a message',
    method: 'GET',
    path: '/messages/:id',
    scopes: ['read:message'],
    params: WithId,
    answer: one(messageResource),
    handle: (caller, { params }) => getMessage(ctx, caller, params.id),
  }),
  operation({
    id: 'updateMessage',
    tag,
    about,
    summary: 'Update a message',
    method: 'PATCH',
    path: '/messages/:id',
    scopes: ['read:message', 'update:message'],
    params: WithId,
    body: PatchMessage,
    answer: one(messageResource),
    handle: (caller, { params, body }) => updateMessage(ctx, caller, params.id, body),
  }),
  operation({
    id: 'deleteMessage',
    tag,
    about,
    summary: 'Delete a message',
    method: 'DELETE',
    path: '/messages/:id',
    scopes: ['read:message', 'delete:message'],
    params: WithId,
    answer: one(threadResource),
    handle: (caller, { params }) => deleteMessage(ctx, caller, params.id),
  }),
]
