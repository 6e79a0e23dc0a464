import type { Context } from '#context.ts'
import { addMember } from '#domain/channels/members/add-member.ts'
import { addModerator } from '#domain/channels/members/add-moderator.ts'
import { getChannelMember } from '#domain/channels/members/get-channel-member.ts'
import { listChannelInvites } from '#domain/channels/members/list-channel-invites.ts'
import { listChannelMembers } from '#domain/channels/members/list-channel-members.ts'
import { listChannelMemberships } from '#domain/channels/members/list-channel-memberships.ts'
import { listChannelModerators } from '#domain/channels/members/list-channel-moderators.ts'
import { listChannelParticipants } from '#domain/channels/members/list-channel-participants.ts'
import { removeMember } from '#domain/channels/members/remove-member.ts'
import { removeModerator } from '#domain/channels/members/remove-moderator.ts'
import { sendChannelInvite } from '#domain/channels/members/send-channel-invite.ts'
import { channelMembershipResource, channelResource } from '#resources/channel.ts'
import { channelInviteResource, SendInvite } from '#resources/invite.ts'
import { UserReference, userResource } from '#resources/user.ts'
import { one, operation, pageOf, WithId, WithUserId } from '#routes/operation.ts'

const about = { tag: 'Channels', about: 'channel' }

export const channelMemberOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'listChannelMembers',
    summary: "List a channel's members",
    description: 'Lists the users who are members of the channel.',
    route: 'GET /channels/:id/members',
    scopes: ['read:channel', 'read:channel_membership'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelMembers(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'addChannelMember',
    summary: 'Add a channel member',
    description: 'Adds a user to a public or private channel. Has no effect if they are already a member.',
    route: 'POST /channels/:id/members',
    scopes: ['read:channel', 'read:user', 'create:channel_membership'],
    params: WithId,
    body: UserReference,
    answer: one(channelResource),
    handle: (caller, { params, body }) => addMember(ctx, caller, params.id, body),
  }),
  operation({
    ...about,
    id: 'retrieveChannelMember',
    summary: 'Retrieve a channel member',
    description: 'Retrieves a member of the channel. Answers 404 if the user is not a member.',
    route: 'GET /channels/:id/members/:user_id',
    scopes: ['read:channel', 'read:channel_membership'],
    params: WithUserId,
    answer: one(userResource),
    handle: (caller, { params }) => getChannelMember(ctx, caller, params.id, params.user_id),
  }),
  operation({
    ...about,
    id: 'removeChannelMember',
    summary: 'Remove a channel member',
    description: 'Removes a user from a public or private channel.',
    route: 'DELETE /channels/:id/members/:user_id',
    scopes: ['read:channel', 'read:user', 'delete:channel_membership'],
    params: WithUserId,
    answer: one(channelResource),
    handle: (caller, { params }) => removeMember(ctx, caller, params.id, params.user_id),
  }),
  operation({
    ...about,
    id: 'listChannelMemberships',
    summary: 'List channel memberships',
    description: 'Lists the memberships of the channel, with the time at which each member joined.',
    route: 'GET /channels/:id/memberships',
    scopes: ['read:channel', 'read:channel_membership'],
    params: WithId,
    answer: pageOf(channelMembershipResource),
    handle: (caller, { params, page }) => listChannelMemberships(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'listChannelModerators',
    summary: "List a channel's moderators",
    description: 'Lists the members who moderate the channel.',
    route: 'GET /channels/:id/moderators',
    scopes: ['read:channel', 'read:channel_moderator'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelModerators(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'addChannelModerator',
    summary: 'Add a channel moderator',
    description:
      'Makes a user a moderator of a public or private channel, and a member if they are not one yet. Returns the user.',
    route: 'POST /channels/:id/moderators',
    scopes: ['read:channel', 'read:user', 'read:channel_membership', 'create:channel_moderator'],
    params: WithId,
    body: UserReference,
    answer: one(userResource),
    handle: (caller, { params, body }) => addModerator(ctx, caller, params.id, body),
  }),
  operation({
    ...about,
    id: 'removeChannelModerator',
    summary: 'Remove a channel moderator',
    description: 'Removes a user from the moderators of the channel. They remain a member.',
    route: 'DELETE /channels/:id/moderators/:user_id',
    scopes: ['read:channel', 'read:user', 'delete:channel_moderator'],
    params: WithUserId,
    answer: one(channelResource),
    handle: (caller, { params }) => removeModerator(ctx, caller, params.id, params.user_id),
  }),
  operation({
    ...about,
    id: 'listChannelParticipants',
    summary: 'List channel participants',
    description: 'Lists the users who currently have a chat session in the channel.',
    route: 'GET /channels/:id/participants',
    scopes: ['read:channel', 'read:chat_session'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelParticipants(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'listChannelInvites',
    about: 'channel_invite',
    summary: 'List channel invites',
    description: 'Lists the invites to the channel, oldest first.',
    route: 'GET /channels/:id/invites',
    scopes: ['read:channel_invite'],
    params: WithId,
    answer: pageOf(channelInviteResource),
    handle: (caller, { params, page }) => listChannelInvites(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'sendChannelInvite',
    about: 'channel_invite',
    summary: 'Send a channel invite',
    description: 'Invites a user to a group channel. They become a member immediately and need not accept.',
    route: 'POST /channels/:id/invites',
    scopes: ['read:channel', 'read:user', 'create:channel_invite'],
    params: WithId,
    body: SendInvite,
    answer: one(channelInviteResource),
    handle: (caller, { params, body }) => sendChannelInvite(ctx, caller, params.id, body),
  }),
]
