import { z } from 'zod'
import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { listChannels } from '#domain/channels/list-channels.ts'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { updateChannel } from '#domain/channels/update-channel.ts'
import { merging } from '#domain/merge-patch.ts'
import { listChannelMessages } from '#domain/messages/list-channel-messages.ts'
import { listReportedMessages } from '#domain/messages/reports/list-reported-messages.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { sendChannelKeystrokes } from '#domain/threads/send-channel-keystrokes.ts'
import { applicationResource } from '#resources/application.ts'
import { ChannelType, CreateChannel, channelResource, PatchChannel } from '#resources/channel.ts'
import { channelEventResource, SendChannelEvent } from '#resources/channel-event.ts'
import { FileMessageFields, messageResource, SendMessage } from '#resources/message.ts'
import { MessageFilters, QueryList, QueryProperties, QueryTime, single } from '#resources/queries.ts'
import { keystrokesResource, SendKeystrokes } from '#resources/thread.ts'
import { cursorPageOf, one, operation, pageOf, WithId } from '#routes/operation.ts'
import { hosting } from '#routes/upload.ts'

const about = { tag: 'Channels', about: 'channel' }

export const channelOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'listChannels',
    summary: 'List channels',
    description: 'Lists the channels of the application that match all given filters.',
    route: 'GET /channels',
    scopes: ['read:channel'],
    query: z.object({
      type: single(ChannelType.optional()).describe('Returns only channels of this type'),
      members: QueryList.describe('Usernames. Returns only channels that have all these users as members'),
      startTime: QueryTime.describe('Returns only channels created at or after this time'),
      endTime: QueryTime.describe('Returns only channels created at or before this time'),
      properties: QueryProperties,
    }),
    answer: pageOf(channelResource),
    handle: (caller, { query, page }) => listChannels(ctx, caller, query, page),
  }),
  operation({
    ...about,
    id: 'createChannel',
    summary: 'Create a channel',
    description:
      'Creates a channel, or returns the existing equivalent: a direct channel with the same members, or a group channel with the same name and type.',
    route: 'POST /channels',
    scopes: ['create:channel'],
    body: CreateChannel,
    answer: one(channelResource),
    handle: async (caller, { body }) => (await createChannel(ctx, caller, body)).channel,
  }),
  operation({
    ...about,
    id: 'retrieveChannel',
    summary: 'Retrieve a channel',
    description: 'Retrieves a channel by id.',
    route: 'GET /channels/:id',
    scopes: ['read:channel'],
    params: WithId,
    answer: one(channelResource),
    handle: (caller, { params }) => getChannel(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'updateChannel',
    summary: 'Update a channel',
    description:
      'Updates a channel with a JSON merge patch (RFC 7396): absent fields stay unchanged, and `null` in `properties` removes a key.',
    route: 'PATCH /channels/:id',
    scopes: ['read:channel', 'update:channel'],
    params: WithId,
    body: PatchChannel,
    answer: one(channelResource),
    handle: (caller, { params, body }) => updateChannel(ctx, caller, params.id, merging(body)),
  }),
  operation({
    ...about,
    id: 'deleteChannel',
    summary: 'Delete a channel',
    description: 'Deletes a channel and everything in it, including its messages. Returns the application.',
    route: 'DELETE /channels/:id',
    scopes: ['read:channel', 'delete:channel'],
    params: WithId,
    answer: one(applicationResource),
    handle: async (caller, { params }) => {
      await deleteChannel(ctx, caller, params.id)
      return getApplication(ctx, caller)
    },
  }),
  operation({
    ...about,
    id: 'listChannelMessages',
    summary: 'List channel messages',
    description: 'Lists the messages of the channel, newest first.',
    route: 'GET /channels/:id/messages',
    scopes: ['read:channel', 'read:message'],
    params: WithId,
    query: MessageFilters,
    answer: cursorPageOf(messageResource),
    handle: (caller, { params, query, cursor }) => listChannelMessages(ctx, caller, params.id, query, cursor),
  }),
  operation({
    ...about,
    id: 'sendChannelMessage',
    about: 'message',
    summary: 'Send a channel message',
    description:
      'Sends a text, a file hosted elsewhere, or a file uploaded in a multipart form. With `user`, the message is sent on behalf of that user, who need not be a member. Without it, the message is a system message.',
    route: 'POST /channels/:id/messages',
    scopes: ['read:channel', 'read:user', 'create:message'],
    params: WithId,
    body: SendMessage,
    answer: one(messageResource),
    handle: (caller, { params, body }) => sendMessage(ctx, caller, { channelId: params.id }, body),
    form: {
      fields: FileMessageFields,
      storage: hosting(ctx),
      handle: (caller, { params, fields, file }) =>
        sendMessage(ctx, caller, { channelId: params.id }, { type: 'HOSTED', file, ...fields }),
    },
  }),
  operation({
    ...about,
    id: 'listChannelReportedMessages',
    about: 'message',
    summary: "List a channel's reported messages",
    description: 'Lists the messages of the channel that users have reported, newest first.',
    route: 'GET /channels/:id/reported-messages',
    scopes: ['read:channel', 'read:message'],
    params: WithId,
    answer: pageOf(messageResource),
    handle: (caller, { params, page }) => listReportedMessages(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'sendChannelEvent',
    about: 'channel_event',
    summary: 'Send a channel event',
    description:
      'Sends an event of a custom type to the users who are in the channel. The event is delivered but not stored.',
    route: 'POST /channels/:id/events',
    scopes: ['read:channel', 'create:channel_event'],
    params: WithId,
    body: SendChannelEvent,
    answer: one(channelEventResource),
    handle: (caller, { params, body }) => sendChannelEvent(ctx, caller, params.id, body),
  }),
  operation({
    ...about,
    id: 'sendChannelKeystrokes',
    about: 'keystrokes',
    summary: 'Send channel keystrokes',
    description:
      'Shows what a user is typing in the channel: the whole draft so far. The draft is delivered but not stored.',
    route: 'POST /channels/:id/keystrokes',
    scopes: ['read:channel', 'read:user', 'create:keystrokes'],
    params: WithId,
    body: SendKeystrokes,
    answer: one(keystrokesResource),
    handle: (caller, { params, body }) => sendChannelKeystrokes(ctx, caller, params.id, body),
  }),
]
