import { z } from 'zod'
import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { addMember } from '#domain/channels/add-member.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { listChannels } from '#domain/channels/list-channels.ts'
import {
  getChannelMember,
  listChannelMembers,
  listChannelMemberships,
  listChannelModerators,
  listChannelParticipants,
} from '#domain/channels/list-members.ts'
import { addModerator, removeModerator } from '#domain/channels/moderators.ts'
import { removeMember } from '#domain/channels/remove-member.ts'
import { updateChannel } from '#domain/channels/update-channel.ts'
import { listChannelMessages } from '#domain/messages/list-messages.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { applicationResource } from '#resources/application.ts'
import {
  ChannelType,
  CreateChannel,
  channelMembershipResource,
  channelResource,
  PatchChannel,
} from '#resources/channel.ts'
import { messageResource, SendMessage } from '#resources/message.ts'
import { QueryList, QueryProperties, QueryText, QueryTime, single } from '#resources/queries.ts'
import { UserReference, userResource } from '#resources/user.ts'
import { cursorPageOf, one, operation, pageOf, WithId, WithUserId } from '#routes/operation.ts'

const tag = 'Channels'
const about = 'channel'

export const channelOperations = (ctx: Context) => [
  operation({
    id: 'listChannels',
    tag,
    about,
    summary: 'List channels',
    method: 'GET',
    path: '/channels',
    scopes: ['read:channel'],
    query: z.object({
      type: single(ChannelType.optional()),
      members: QueryList,
      startTime: QueryTime,
      endTime: QueryTime,
      properties: QueryProperties,
    }),
    answer: pageOf(channelResource),
    handle: (caller, { query, page }) => listChannels(ctx, caller, query, page),
  }),
  operation({
    id: 'createChannel',
    tag,
    about,
    summary: 'Create a channel',
    method: 'POST',
    path: '/channels',
    scopes: ['create:channel'],
    body: CreateChannel,
    answer: one(channelResource),
    handle: (caller, { body }) => createChannel(ctx, caller, body),
  }),
  operation({
    id: 'retrieveChannel',
    tag,
    about,
    summary: 'Retrieve a channel',
    method: 'GET',
    path: '/channels/:id',
    scopes: ['read:channel'],
    params: WithId,
    answer: one(channelResource),
    handle: (caller, { params }) => getChannel(ctx, caller, params.id),
  }),
  operation({
    id: 'updateChannel',
    tag,
    about,
    summary: 'Update a channel',
    method: 'PATCH',
    path: '/channels/:id',
    scopes: ['read:channel', 'update:channel'],
    params: WithId,
    body: PatchChannel,
    answer: one(channelResource),
    handle: (caller, { params, body }) => updateChannel(ctx, caller, params.id, body),
  }),
  operation({
    id: 'deleteChannel',
    tag,
    about,
    summary: 'Delete a channel',
    method: 'DELETE',
    path: '/channels/:id',
    scopes: ['read:channel', 'delete:channel'],
    params: WithId,
    answer: one(applicationResource),
    handle: async (caller, { params }) => {
      await deleteChannel(ctx, caller, params.id)
      return getApplication(ctx, caller)
    },
  }),
  operation({
    id: 'listChannelMembers',
    tag,
    about,
    summary: "List a channel's members",
    method: 'GET',
    path: '/channels/:id/members',
    scopes: ['read:channel', 'read:channel_membership'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelMembers(ctx, caller, params.id, page),
  }),
  operation({
    id: 'addChannelMember',
    tag,
    about,
    summary: 'Add a channel member',
    method: 'POST',
    path: '/channels/:id/members',
    scopes: ['read:channel', 'read:user', 'create:channel_membership'],
    params: WithId,
    body: UserReference,
    answer: one(channelResource),
    handle: (caller, { params, body }) => addMember(ctx, caller, params.id, body),
  }),
  operation({
    tag,
    about,
    summary: 'Retrieve a channel member',
    method: 'GET',
    path: '/channels/:id/members/:user_id',
    scopes: ['read:channel', 'read:channel_membership'],
    params: WithUserId,
    answer: one(userResource),
    handle: (caller, { params }) => getChannelMember(ctx, caller, params.id, params.user_id),
  }),
  operation({
    id: 'removeChannelMember',
    tag,
    about,
    summary: 'Remove a channel member',
    method: 'DELETE',
    path: '/channels/:id/members/:user_id',
    scopes: ['read:channel', 'read:user', 'delete:channel_membership'],
    params: WithUserId,
    answer: one(channelResource),
    handle: (caller, { params }) => removeMember(ctx, caller, params.id, params.user_id),
  }),
  operation({
    id: 'listChannelMemberships',
    tag,
    about,
    summary: 'List channel memberships',
    method: 'GET',
    path: '/channels/:id/memberships',
    scopes: ['read:channel', 'read:channel_membership'],
    params: WithId,
    answer: pageOf(channelMembershipResource),
    handle: (caller, { params, page }) => listChannelMemberships(ctx, caller, params.id, page),
  }),
  operation({
    id: 'listChannelModerators',
    tag,
    about,
    summary: "Lists a channel's moderators",
    method: 'GET',
    path: '/channels/:id/moderators',
    scopes: ['read:channel', 'read:channel_moderator'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelModerators(ctx, caller, params.id, page),
  }),
  operation({
    id: 'addChannelModerator',
    tag,
    about,
    summary: 'Add a channel moderator',
    method: 'POST',
    path: '/channels/:id/moderators',
    scopes: ['read:channel', 'read:user', 'read:channel_membership', 'create:channel_moderator'],
    params: WithId,
    body: UserReference,
    answer: one(userResource),
    handle: (caller, { params, body }) => addModerator(ctx, caller, params.id, body),
  }),
  operation({
    id: 'removeChannelModerator',
    tag,
    about,
    summary: 'Remove a channel moderator',
    method: 'DELETE',
    path: '/channels/:id/moderators/:user_id',
    scopes: ['read:channel', 'read:user', 'delete:channel_moderator'],
    params: WithUserId,
    answer: one(channelResource),
    handle: (caller, { params }) => removeModerator(ctx, caller, params.id, params.user_id),
  }),
  operation({
    id: 'listChannelParticipants',
    tag,
    about,
    summary: 'List channel participants',
    method: 'GET',
    path: '/channels/:id/participants',
    scopes: ['read:channel', 'read:chat_session'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelParticipants(ctx, caller, params.id, page),
  }),
  operation({
    id: 'listChannelMessages',
    tag,
    about,
    summary: 'List channel messages',
    method: 'GET',
    path: '/channels/:id/messages',
    scopes: ['read:channel', 'read:message'],
    params: WithId,
    query: z.object({ username: QueryText, query: QueryText }),
    answer: cursorPageOf(messageResource),
    handle: (caller, { params, query, cursor }) => listChannelMessages(ctx, caller, params.id, query, cursor),
  }),
  operation({
    id: 'sendChannelMessage',
    tag,
    about: 'message',
    summary: 'Send a channel message',
    method: 'POST',
    path: '/channels/:id/messages',
    scopes: ['read:channel', 'read:user', 'create:message'],
    params: WithId,
    body: SendMessage,
    answer: one(messageResource),
    handle: (caller, { params, body }) => sendMessage(ctx, caller, params.id, body),
  }),
]
