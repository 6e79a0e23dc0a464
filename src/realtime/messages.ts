import { z } from 'zod'
import { getChannel } from '#domain/channels/get-channel.ts'
import { replacing } from '#domain/merge-patch.ts'
import { countReplies } from '#domain/messages/count-replies.ts'
import { deleteMessage } from '#domain/messages/delete-message.ts'
import { deleteMessageForMe } from '#domain/messages/delete-message-for-me.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { getParent } from '#domain/messages/get-parent.ts'
import { listReplies } from '#domain/messages/list-replies.ts'
import { listMessageReactions } from '#domain/messages/reactions/list-message-reactions.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { removeReaction } from '#domain/messages/reactions/remove-reaction.ts'
import { listMessageReadReceipts } from '#domain/messages/reading/list-message-read-receipts.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { unreadMessage } from '#domain/messages/reading/unread-message.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { countReports } from '#domain/messages/reports/count-reports.ts'
import { listMessageReports } from '#domain/messages/reports/list-message-reports.ts'
import { removeReport } from '#domain/messages/reports/remove-report.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { updateMessage } from '#domain/messages/update-message.ts'
import { type Actions, action, type Relays } from '#realtime/handlers.ts'
import { Channel } from '#resources/channel.ts'
import { events } from '#resources/events.ts'
import {
  EditMessage,
  Message,
  MessageReport,
  type messageHypermedia,
  Reaction,
  ReactToMessage,
  ReportMessage,
  UpdateMessageProperties,
  WriteMessage,
} from '#resources/message.ts'
import { Count, ReadReceiptShape } from '#resources/read-receipt.ts'

export const messageRelays: Relays<typeof messageHypermedia> = {
  self: async ({ ctx, caller, params }) => ({
    shape: Message,
    entity: await getMessage(ctx, caller, params.id),
  }),
  channel: async ({ ctx, caller, params }) => {
    const { channelId } = await getMessage(ctx, caller, params.id)
    return { shape: Channel, entity: await getChannel(ctx, caller, channelId) }
  },
  parent: async ({ ctx, caller, params }) => ({
    shape: Message,
    entity: await getParent(ctx, caller, params.id),
  }),
  readReceipts: async ({ ctx, caller, params }, page) => ({
    shape: ReadReceiptShape,
    contents: 'receipts',
    page: await listMessageReadReceipts(ctx, caller, params.id, page),
  }),
  repliesCount: async ({ ctx, caller, params }) => ({
    shape: Count,
    entity: { count: await countReplies(ctx, caller, params.id) },
  }),
  replies: async ({ ctx, caller, params }, cursor) => ({
    shape: Message,
    contents: 'messages',
    page: await listReplies(ctx, caller, params.id, cursor),
  }),
  reactions: async ({ ctx, caller, params }, page) => ({
    shape: Reaction,
    contents: 'reactions',
    page: await listMessageReactions(ctx, caller, params.id, page),
  }),
  reportCount: async ({ ctx, caller, params }) => ({
    shape: Count,
    entity: { count: await countReports(ctx, caller, params.id) },
  }),
  reports: async ({ ctx, caller, params }, page) => ({
    shape: MessageReport,
    contents: 'reports',
    page: await listMessageReports(ctx, caller, params.id, page),
  }),
}

export const messageActions: Actions<typeof messageHypermedia> = {
  read: action(z.unknown(), async ({ ctx, caller, params }) => {
    await readMessage(ctx, caller, params.id)
    return undefined
  }),
  unread: action(z.unknown(), async ({ ctx, caller, params }) => {
    await unreadMessage(ctx, caller, params.id)
    return undefined
  }),
  reply: action(WriteMessage, async ({ ctx, caller, params }, input) => {
    const entity = await replyToMessage(ctx, caller, params.id, input)
    return { ...events['thread.message.created'].echo, shape: Message, entity }
  }),
  edit: action(EditMessage, async ({ ctx, caller, params }, input) => {
    const entity = await updateMessage(ctx, caller, params.id, input)
    return { ...events['channel.message.updated'].echo, shape: Message, entity }
  }),
  updateProperties: action(UpdateMessageProperties, async ({ ctx, caller, params }, input) => {
    const entity = await updateMessage(ctx, caller, params.id, replacing(input))
    return { ...events['channel.message.updated'].echo, shape: Message, entity }
  }),
  delete: action(z.unknown(), async ({ ctx, caller, params }) => {
    const { message: entity } = await deleteMessage(ctx, caller, params.id)
    return { ...events['channel.message.deleted'].echo, shape: Message, entity }
  }),
  deleteForMe: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await deleteMessageForMe(ctx, caller, params.id)
    return { ...events['message.hidden'].echo, shape: Message, entity }
  }),
  react: action(ReactToMessage, async ({ ctx, caller, params }, input) => {
    const entity = await reactToMessage(ctx, caller, params.id, input)
    return { ...events['message.reaction.created'].echo, shape: Reaction, entity }
  }),
  removeReaction: action(ReactToMessage, async ({ ctx, caller, params }, input) => {
    const entity = await removeReaction(ctx, caller, params.id, input)
    return { ...events['message.reaction.removed'].echo, shape: Reaction, entity }
  }),
  report: action(ReportMessage, async ({ ctx, caller, params }, input) => {
    const entity = await reportMessage(ctx, caller, params.id, input)
    return { ...events['message.reported'].echo, shape: MessageReport, entity }
  }),
  removeReport: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await removeReport(ctx, caller, params.id)
    return { ...events['message.report_removed'].echo, shape: MessageReport, entity }
  }),
}
