import { countUserChannels } from '#domain/channels/count-user-channels.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { listJoinableChannels } from '#domain/channels/list-joinable-channels.ts'
import { listUnreadChannels } from '#domain/channels/list-unread-channels.ts'
import { listVisibleChannels } from '#domain/channels/list-visible-channels.ts'
import { replacing } from '#domain/merge-patch.ts'
import { listJoinedMessages } from '#domain/messages/list-joined-messages.ts'
import { countUserUnread } from '#domain/messages/reading/count-user-unread.ts'
import { countContacts } from '#domain/users/count-contacts.ts'
import { getOneself } from '#domain/users/get-oneself.ts'
import { listBlockedUsers } from '#domain/users/list-blocked-users.ts'
import { listContacts, type UserMatch } from '#domain/users/list-contacts.ts'
import { updateUser } from '#domain/users/update-user.ts'
import { updateUserDisplayPicture } from '#domain/users/update-user-display-picture.ts'
import { flag, oneOf } from '#realtime/filters.ts'
import {
  type Actions,
  action,
  type Echo,
  type Filters,
  type RelayCall,
  type Relays,
} from '#realtime/handlers.ts'
import { userActions } from '#realtime/users.ts'
import { Channel, ChannelType, CreateChannel } from '#resources/channel.ts'
import { events } from '#resources/events.ts'
import { ExternalFile, Message } from '#resources/message.ts'
import type { PageRequest } from '#resources/page.ts'
import { Count } from '#resources/read-receipt.ts'
import {
  CurrentUser,
  type currentUserHypermedia,
  FileAccessGrant,
  UpdateCurrentUser,
  User,
  UserBlockedRecord,
} from '#resources/user.ts'

export const currentUserRelays: Relays<typeof currentUserHypermedia> = {
  self: async ({ ctx, caller }) => ({
    shape: CurrentUser,
    entity: await getOneself(ctx, caller),
  }),
  writeFileAccessGrant: grant('write'),
  readFileAccessGrant: grant('read'),
  channels: async ({ ctx, caller, filters }, page) => ({
    shape: Channel,
    contents: 'channels',
    page: await listVisibleChannels(ctx, caller, channelFilters(filters), page),
  }),
  joinableChannels: async ({ ctx, caller, filters: { name } }, page) => ({
    shape: Channel,
    contents: 'channels',
    page: await listJoinableChannels(ctx, caller, { name }, page),
  }),
  unreadChannels: async ({ ctx, caller, filters }, page) => ({
    shape: Channel,
    contents: 'channels',
    page: await listUnreadChannels(ctx, caller, channelFilters(filters), page),
  }),
  channelsCount: async ({ ctx, caller, filters }) => {
    const wanted = { unread: flag(filters, 'unread'), type: oneOf(filters, 'type', ChannelType.options) }
    return { shape: Count, entity: { count: await countUserChannels(ctx, caller, wanted) } }
  },
  unreadChannelsCount: async ({ ctx, caller }) => ({
    shape: Count,
    entity: { count: await countUserChannels(ctx, caller, { unread: true }) },
  }),
  unreadMessagesCount: async ({ ctx, caller }) => ({
    shape: Count,
    entity: { count: await countUserUnread(ctx, caller) },
  }),
  messages: async ({ ctx, caller, filters }, cursor) => {
    const wanted = { type: oneOf(filters, 'type', ['FILE']) }
    return {
      shape: Message,
      contents: 'messages',
      page: await listJoinedMessages(ctx, caller, wanted, cursor),
    }
  },
  contacts: async ({ ctx, caller, filters }, page) => ({
    shape: User,
    contents: 'users',
    page: await listContacts(ctx, caller, userMatch(filters), page),
  }),
  contactsCount: async ({ ctx, caller, filters }) => ({
    shape: Count,
    entity: { count: await countContacts(ctx, caller, userMatch(filters)) },
  }),
  userBlockListItems: blockedRecords,
  userBlockedRecords: blockedRecords,
}

export const currentUserActions: Actions<typeof currentUserHypermedia> = {
  update: action(UpdateCurrentUser, async ({ ctx, caller }, input) =>
    updated(await updateUser(ctx, caller, caller.userId, replacing(input))),
  ),
  updateDisplayPicture: action(ExternalFile, async ({ ctx, caller }, picture) =>
    updated(await updateUserDisplayPicture(ctx, caller, caller.userId, picture)),
  ),
  createChannel: action(CreateChannel, async ({ ctx, caller }, input) => {
    const { channel, outcome } = await createChannel(ctx, caller, input)
    return { ...createdEchoes[outcome], shape: Channel, entity: channel }
  }),
  delete: userActions.delete,
}

const createdEchoes = { created: events['channel.created'].echo, ...events['channel.upserted'].echo }

function updated(entity: User): Echo {
  return { ...events['user.updated'].echo, shape: CurrentUser, entity }
}

function grant(access: 'read' | 'write') {
  return async ({ ctx, caller: { applicationId, userId } }: RelayCall<never>) => ({
    shape: FileAccessGrant,
    entity: { grant: await ctx.grants.give({ access, applicationId, userId }) },
  })
}

async function blockedRecords({ ctx, caller, filters }: RelayCall<never>, page: PageRequest) {
  return {
    shape: UserBlockedRecord,
    contents: 'items',
    page: await listBlockedUsers(ctx, caller, userMatch(filters), page),
  }
}

function userMatch(filters: Filters): UserMatch {
  const { name, displayName } = filters
  return { name, displayName, online: flag(filters, 'online') }
}

function channelFilters(filters: Filters) {
  return { name: filters.name, subscribable: flag(filters, 'subscribable') }
}
