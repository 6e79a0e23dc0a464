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

const about = { tag: 'Channels', about: 'channel' }
const path = '/channels/:channelId'
const params = z.object({ channelId: PathId })

export const channelAdminOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'listChannels',
    summary: 'List channels',
    description: 'Lists the channels that match all given filters, by name.',
    route: 'GET /channels',
    right: 'read channels',
    query: z.object({
      query: QueryText.describe('Returns only channels whose name or display name contains this text'),
      type: single(ChannelType.optional()).describe('Returns only channels of this type'),
    }),
    answer: listOf(AdminChannel),
    handle: (caller, { query, list }) => searchChannels(ctx, caller, query, list),
  }),
  insideOperation({
    ...about,
    id: 'retrieveChannel',
    summary: 'Retrieve a channel',
    description: 'Retrieves a channel, with counts of its members and messages.',
    route: `GET ${path}`,
    right: 'read channels',
    params,
    answer: oneOf(AdminChannel),
    handle: (caller, { params }) => inspectChannel(ctx, caller, params.channelId),
  }),
  insideOperation({
    ...about,
    id: 'listChannelMembers',
    summary: "List a channel's members",
    description: 'Lists the members of the channel, by name.',
    route: `GET ${path}/members`,
    right: 'read channels',
    params,
    answer: listOf(User),
    handle: (caller, { params, list }) =>
      partOf(list, (page) => listChannelMembers(ctx, caller, params.channelId, page)),
  }),
  insideOperation({
    ...about,
    id: 'updateChannel',
    summary: 'Update a channel',
    description:
      'Sets whether the channel keeps its messages or only delivers them. Messages that are only delivered appear in no list; messages kept before still do.',
    route: `PATCH ${path}`,
    right: 'change settings',
    params,
    body: PatchChannel,
    answer: oneOf(AdminChannel),
    handle: (caller, { params, body }) =>
      persistMessages(ctx, caller, params.channelId, body.messagesPersisted),
  }),
  insideOperation({
    ...about,
    id: 'deleteChannel',
    summary: 'Delete a channel',
    description: 'Deletes a channel with its messages and memberships.',
    route: `DELETE ${path}`,
    right: 'delete channels',
    params,
    answer: noContent,
    handle: (caller, { params }) => deleteChannel(ctx, caller, params.channelId),
  }),
]
