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

const tag = 'Channels'
const about = 'channel'

export const channelMemberOperations = (ctx: Context) => [
  operation({
    id: 'listChannelMembers',
    tag,
    about,
    summary: "List a channel's members",
    description: 'A page of the users who have joined the channel.',
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
    description: 'Lets a user join a public or private channel; who is a member already stays one.',
    method: 'POST',
    path: '/channels/:id/members',
    scopes: ['read:channel', 'read:user', 'create:channel_membership'],
    params: WithId,
    body: UserReference,
    answer: one(channelResource),
    handle: (caller, { params, body }) => addMember(ctx, caller, params.id, body),
  }),
  operation({
    id: 'retrieveChannelMember',
    tag,
    about,
    summary: 'Retrieve a channel member',
    description: 'The user, if a member of the channel; 404 if not.',
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
    description: 'Ends the membership of a user in a public or private channel.',
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
    description: 'A page of records of who joined, and when.',
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
    description: 'A page of the members who moderate the channel.',
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
    description:
      'Makes a user a moderator of a public or private channel, and a member if they were none. Answers with the user.',
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
    description: 'Ends the moderation of a user; the membership stays.',
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
    description: 'A page of the users who are in the channel at this moment, with a chat session.',
    method: 'GET',
    path: '/channels/:id/participants',
    scopes: ['read:channel', 'read:chat_session'],
    params: WithId,
    answer: pageOf(userResource),
    handle: (caller, { params, page }) => listChannelParticipants(ctx, caller, params.id, page),
  }),
  operation({
    id: 'listChannelInvites',
    tag,
    about: 'channel_invite',
    summary: 'List channel invites',
    description: 'Invites to the channel, oldest first.',
    method: 'GET',
    path: '/channels/:id/invites',
    scopes: ['read:channel_invite'],
    params: WithId,
    answer: pageOf(channelInviteResource),
    handle: (caller, { params, page }) => listChannelInvites(ctx, caller, params.id, page),
  }),
  operation({
    id: 'sendChannelInvite',
    tag,
    about: 'channel_invite',
    summary: 'Send a channel invite',
    description:
      'Invites a user to a group channel, who is a member from then on: there is nothing to accept.',
    method: 'POST',
    path: '/channels/:id/invites',
    scopes: ['read:channel', 'read:user', 'create:channel_invite'],
    params: WithId,
    body: SendInvite,
    answer: one(channelInviteResource),
    handle: (caller, { params, body }) => sendChannelInvite(ctx, caller, params.id, body),
  }),
]
