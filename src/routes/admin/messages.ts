import { z } from 'zod'
import type { Context } from '#context.ts'
import { deleteMessage } from '#domain/messages/delete-message.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { conversationAround } from '#domain/moderation/conversation-around.ts'
import { resolveReport } from '#domain/moderation/resolve-report.ts'
import { searchMessages } from '#domain/moderation/search-messages.ts'
import { searchReports } from '#domain/moderation/search-reports.ts'
import { ListQuery } from '#resources/admin/list.ts'
import { Report, ReportState, ResolveReport } from '#resources/admin/moderation.ts'
import { Message } from '#resources/message.ts'
import { MessageFilters, QueryText, QueryTime, single } from '#resources/queries.ts'
import { insideOperation, listOf, noContent, oneOf } from '#routes/admin/operation.ts'
import { PathId } from '#routes/operation.ts'

const path = '/messages/:messageId'
const params = z.object({ messageId: PathId })
const ofMessages = { tag: 'Messages', about: 'message' }
const ofReports = { tag: 'Reports', about: 'report' }

export const messageAdminOperations = (ctx: Context) => [
  insideOperation({
    ...ofMessages,
    id: 'listMessages',
    summary: 'List messages',
    description: 'Lists the messages that match all given filters, newest first.',
    route: 'GET /messages',
    right: 'read messages',
    query: MessageFilters.extend({
      channel: QueryText.describe('Returns only messages of the channel with this id or name'),
      from: QueryTime.describe('Returns only messages sent at or after this time'),
      to: QueryTime.describe('Returns only messages sent before this time'),
    }),
    answer: listOf(Message),
    handle: (caller, { query, list }) => searchMessages(ctx, caller, query, list),
  }),
  insideOperation({
    ...ofMessages,
    id: 'retrieveMessage',
    summary: 'Retrieve a message',
    description: 'Retrieves a message by id.',
    route: `GET ${path}`,
    right: 'read messages',
    params,
    answer: oneOf(Message),
    handle: (caller, { params }) => getMessage(ctx, caller, params.messageId),
  }),
  insideOperation({
    ...ofMessages,
    id: 'retrieveConversation',
    summary: 'Retrieve the conversation around a message',
    description:
      'Retrieves the message with its neighbours in the channel, oldest first: up to `limit` messages before it, and up to `limit` after it.',
    route: `GET ${path}/conversation`,
    right: 'read messages',
    params,
    query: ListQuery.pick({ limit: true }),
    answer: oneOf(z.object({ items: z.array(Message) }).meta({ id: 'Conversation' })),
    handle: async (caller, { params, query }) => ({
      items: await conversationAround(ctx, caller, params.messageId, query.limit),
    }),
  }),
  insideOperation({
    ...ofMessages,
    id: 'deleteMessage',
    summary: 'Delete a message',
    description: 'Deletes a message for everybody.',
    route: `DELETE ${path}`,
    right: 'delete messages',
    params,
    answer: noContent,
    handle: (caller, { params }) => deleteMessage(ctx, caller, params.messageId),
  }),
  insideOperation({
    ...ofReports,
    id: 'listReports',
    summary: 'List reports',
    description: "Lists users' reports of messages and the decisions about them, newest first.",
    route: 'GET /reports',
    right: 'read reports',
    query: z.object({
      state: single(ReportState.optional()).describe('Returns only reports in this state'),
    }),
    answer: listOf(Report),
    handle: (caller, { query, list }) => searchReports(ctx, caller, query.state, list),
  }),
  insideOperation({
    ...ofReports,
    id: 'resolveReport',
    summary: 'Resolve a report',
    description:
      'Keeps or deletes the reported message. This resolves all open reports of it. Answers 409 if the report is already resolved.',
    route: 'POST /reports/:reportId/resolve',
    right: 'resolve reports',
    params: z.object({ reportId: PathId }),
    body: ResolveReport,
    answer: oneOf(Report),
    handle: (caller, { params, body }) => resolveReport(ctx, caller, params.reportId, body.action),
  }),
]
