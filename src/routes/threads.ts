import type { Context } from '#context.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { listThreadMessages } from '#domain/threads/list-thread-messages.ts'
import { sendThreadKeystrokes } from '#domain/threads/send-thread-keystrokes.ts'
import { sendThreadMessage } from '#domain/threads/send-thread-message.ts'
import { FileMessageFields, messageResource, SendMessage } from '#resources/message.ts'
import { keystrokesResource, SendKeystrokes, threadResource } from '#resources/thread.ts'
import { cursorPageOf, one, operation, WithId } from '#routes/operation.ts'
import { hosting } from '#routes/upload.ts'

const about = { tag: 'Threads', about: 'thread' }

export const threadOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'retrieveThread',
    summary: 'Retrieve a thread',
    description: 'Retrieves a thread by id. The id of a message is also the id of the thread of its replies.',
    route: 'GET /threads/:id',
    scopes: ['read:thread'],
    params: WithId,
    answer: one(threadResource),
    handle: (caller, { params }) => getThread(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'listThreadMessages',
    summary: 'List thread messages',
    description: 'Lists the messages of the thread, newest first.',
    route: 'GET /threads/:id/messages',
    scopes: ['read:thread', 'read:message'],
    params: WithId,
    answer: cursorPageOf(messageResource),
    handle: (caller, { params, cursor }) => listThreadMessages(ctx, caller, params.id, cursor),
  }),
  operation({
    ...about,
    id: 'sendThreadMessage',
    about: 'message',
    summary: 'Send a thread message',
    description:
      'Sends a system message, or a message on behalf of a user. In the thread of a message, it is a reply.',
    route: 'POST /threads/:id/messages',
    scopes: ['read:thread', 'read:user', 'create:message'],
    params: WithId,
    body: SendMessage,
    answer: one(messageResource),
    handle: (caller, { params, body }) => sendThreadMessage(ctx, caller, params.id, body),
    form: {
      fields: FileMessageFields,
      storage: hosting(ctx),
      handle: (caller, { params, fields, file }) =>
        sendThreadMessage(ctx, caller, params.id, { type: 'HOSTED', file, ...fields }),
    },
  }),
  operation({
    ...about,
    id: 'sendThreadKeystrokes',
    about: 'keystrokes',
    summary: 'Send thread keystrokes',
    description:
      'Shows what a user is typing in the thread: the whole draft so far. The draft is delivered but not stored.',
    route: 'POST /threads/:id/keystrokes',
    scopes: ['read:thread', 'read:user', 'create:keystrokes'],
    params: WithId,
    body: SendKeystrokes,
    answer: one(keystrokesResource),
    handle: (caller, { params, body }) => sendThreadKeystrokes(ctx, caller, params.id, body),
  }),
]
