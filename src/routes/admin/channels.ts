import { z } from 'zod'
import type { Context } from '#context.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { listChannelMembers } from '#domain/channels/members/list-channel-members.ts'
import { inspectChannel } from '#domain/moderation/inspect-channel.ts'
import { persistMessages } from '#domain/moderation/persist-messages.ts'
import { searchChannels } from '#domain/moderation/search-channels.ts'
import { AdminChannel, PatchChannel } from '#resources/admin/moderation.ts'
import { ChannelType } from '#resources/channel.ts'
import { QueryText, single } from '#resources/queries.ts'
import { User } from '#resources/user.ts'
import { insideOperation, listOf, noContent, oneOf } from '#routes/admin/operation.ts'
import { partOf } from '#routes/admin/paged.ts'
import { PathId } from '#routes/operation.ts'

const tag = 'Channels'
const about = 'channel'
const path = '/channels/:channelId'
const params = z.object({ channelId: PathId })

export const channelAdminOperations = (ctx: Context) => [
  insideOperation({
    id: 'listChannels',
    tag,
    about,
    summary: 'List channels',
    description: 'By name. Filters narrow each other down.',
    method: 'GET',
    path: '/channels',
    right: 'read channels',
    query: z.object({
      query: QueryText.describe('Only channels whose name or display name has this text in it'),
      type: single(ChannelType.optional()).describe('Only channels of this type'),
    }),
    answer: listOf(AdminChannel),
    handle: (caller, { query, list }) => searchChannels(ctx, caller, query, list),
  }),
  insideOperation({
    id: 'retrieveChannel',
    tag,
    about,
    summary: 'Retrieve a channel',
    description: 'One channel, and how much is in it.',
    method: 'GET',
    path,
    right: 'read channels',
    params,
    answer: oneOf(AdminChannel),
    handle: (caller, { params }) => inspectChannel(ctx, caller, params.channelId),
  }),
  insideOperation({
    id: 'listChannelMembers',
    tag,
    about,
    summary: "List a channel's members",
    description: 'The users who have joined it, by name.',
    method: 'GET',
    path: `${path}/members`,
    right: 'read channels',
    params,
    answer: listOf(User),
    handle: (caller, { params, list }) =>
      partOf(list, (page) => listChannelMembers(ctx, caller, params.channelId, page)),
  }),
  insideOperation({
    id: 'updateChannel',
    tag,
    about,
    summary: 'Change a channel',
    description:
      'Has it keep its messages, or deliver them alone: what is sent from then on is in no list, and what was is.',
    method: 'PATCH',
    path,
    right: 'change settings',
    params,
    body: PatchChannel,
    answer: oneOf(AdminChannel),
    handle: (caller, { params, body }) =>
      persistMessages(ctx, caller, params.channelId, body.messagesPersisted),
  }),
  insideOperation({
    id: 'deleteChannel',
    tag,
    about,
    summary: 'Delete a channel',
    description: 'With its messages and memberships.',
    method: 'DELETE',
    path,
    right: 'delete channels',
    params,
    answer: noContent,
    handle: (caller, { params }) => deleteChannel(ctx, caller, params.channelId),
  }),
]
