import { z } from 'zod'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { callChannel } from '#domain/channels/call-channel.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { listCalls } from '#domain/channels/list-calls.ts'
import { listChannelBlocks } from '#domain/channels/list-channel-blocks.ts'
import { addModerator } from '#domain/channels/members/add-moderator.ts'
import { clearHistory } from '#domain/channels/members/clear-history.ts'
import { hideChannel } from '#domain/channels/members/hide-channel.ts'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { joinChannel } from '#domain/channels/members/join-channel.ts'
import { leaveChannel } from '#domain/channels/members/leave-channel.ts'
import { listChannelMembers } from '#domain/channels/members/list-channel-members.ts'
import { listChannelModerators } from '#domain/channels/members/list-channel-moderators.ts'
import { muteChannel } from '#domain/channels/members/mute-channel.ts'
import { removeModerator } from '#domain/channels/members/remove-moderator.ts'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { updateChannel } from '#domain/channels/update-channel.ts'
import { replacing } from '#domain/merge-patch.ts'
import { countChannelMessages } from '#domain/messages/count-channel-messages.ts'
import { getChannelContext } from '#domain/messages/get-channel-context.ts'
import { getLastReceivedMessage } from '#domain/messages/get-last-received-message.ts'
import { listChannelMessages } from '#domain/messages/list-channel-messages.ts'
import { findLastReadMessage } from '#domain/messages/reading/find-last-read-message.ts'
import { isChannelUnread } from '#domain/messages/reading/is-channel-unread.ts'
import { readChannel } from '#domain/messages/reading/read-channel.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { createThread } from '#domain/threads/create-thread.ts'
import { listChannelThreads } from '#domain/threads/list-channel-threads.ts'
import { sendChannelKeystrokes } from '#domain/threads/send-channel-keystrokes.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { ChatError } from '#errors.ts'
import { flag, oneOf, optionalId } from '#realtime/filters.ts'
import { type Actions, action, type Echo, type Relays } from '#realtime/handlers.ts'
import {
  Call,
  Channel,
  ChannelBlockRecord,
  ChannelContext,
  type channelHypermedia,
  LeaveChannel,
  MuteChannel,
  type SeenChannel,
  UpdateChannel,
} from '#resources/channel.ts'
import { SendChannelEvent } from '#resources/channel-event.ts'
import { type EventEcho, events } from '#resources/events.ts'
import { SendInvite } from '#resources/invite.ts'
import { Message, WriteMessage } from '#resources/message.ts'
import { Count, Exists } from '#resources/read-receipt.ts'
import { CreateThread, SendKeystrokes, ThreadShape } from '#resources/thread.ts'
import { User, UserReference } from '#resources/user.ts'

export const channelRelays: Relays<typeof channelHypermedia> = {
  self: async ({ ctx, caller, params }) => ({
    shape: Channel,
    entity: await getChannel(ctx, caller, params.id),
  }),
  context: async ({ ctx, caller, params, filters }) => {
    const ends = {
      startCursor: optionalId(filters, 'startCursor'),
      endCursor: optionalId(filters, 'endCursor'),
    }
    return { shape: ChannelContext, entity: await getChannelContext(ctx, caller, params.id, ends) }
  },
  messages: async ({ ctx, caller, params, filters }, cursor) => {
    const wanted = { mainThread: flag(filters, 'mainThread'), type: oneOf(filters, 'type', ['FILE']) }
    return {
      shape: Message,
      contents: 'messages',
      page: await listChannelMessages(ctx, caller, params.id, wanted, cursor),
    }
  },
  messagesCount: async ({ ctx, caller, params, filters }) => {
    const wanted = { unread: flag(filters, 'unread') }
    return { shape: Count, entity: { count: await countChannelMessages(ctx, caller, params.id, wanted) } }
  },
  lastReceivedMessage: async ({ ctx, caller, params }) => ({
    shape: Message,
    entity: await getLastReceivedMessage(ctx, caller, params.id),
  }),
  lastReadMessage: async ({ ctx, caller, params, filters, isLegacy }) => {
    const entity = await findLastReadMessage(ctx, caller, params.id, filters.username)
    if (entity || isLegacy) return { shape: Message, entity: entity ?? null }
    throw new ChatError('ResourceNotFoundError', `Nothing was read in channel ${params.id} yet`)
  },
  unread: async ({ ctx, caller, params }) => ({
    shape: Exists,
    entity: { exists: await isChannelUnread(ctx, caller, params.id) },
  }),
  members: async ({ ctx, caller, params, filters: { displayName } }, page) => ({
    shape: User,
    contents: 'users',
    page: await listChannelMembers(ctx, caller, params.id, page, { displayName }),
  }),
  moderators: async ({ ctx, caller, params, filters: { displayName } }, page) => ({
    shape: User,
    contents: 'users',
    page: await listChannelModerators(ctx, caller, params.id, page, { displayName }),
  }),
  blockRecords: async ({ ctx, caller, params, filters: { displayName } }, page) => ({
    shape: ChannelBlockRecord,
    contents: 'records',
    page: await listChannelBlocks(ctx, caller, params.id, { displayName }, page),
  }),
  threads: async ({ ctx, caller, params, filters }, page) => {
    const wanted = {
      includeMainThread: flag(filters, 'includeMainThread'),
      standalone: flag(filters, 'standalone'),
    }
    return {
      shape: ThreadShape,
      contents: 'threads',
      page: await listChannelThreads(ctx, caller, params.id, wanted, page),
    }
  },
  calls: async ({ ctx, caller, params }, page) => ({
    shape: Call,
    contents: 'calls',
    page: await listCalls(ctx, caller, params.id, page),
  }),
}

const membershipEchoes = events['channel.membership.changed'].echo

export const channelActions: Actions<typeof channelHypermedia> = {
  message: action(WriteMessage, async ({ ctx, caller, params }, input) => {
    const entity = await sendMessage(ctx, caller, { channelId: params.id }, input)
    return { ...events['channel.message.created'].echo, shape: Message, entity }
  }),
  keystrokes: action(SendKeystrokes.pick({ keys: true }), async ({ ctx, caller, params }, input) => {
    await sendChannelKeystrokes(ctx, caller, params.id, input)
    return undefined
  }),
  read: action(z.unknown(), async ({ ctx, caller, params }) => {
    await readChannel(ctx, caller, params.id)
    return undefined
  }),
  mute: action(MuteChannel, async ({ ctx, caller, params }, input) =>
    channelEcho(
      input.state === 'ON' ? membershipEchoes.muted : membershipEchoes.unmuted,
      await muteChannel(ctx, caller, params.id, input),
    ),
  ),
  triggerEvent: action(SendChannelEvent, async ({ ctx, caller, params }, input) => {
    await sendChannelEvent(ctx, caller, params.id, input)
    return undefined
  }),
  update: action(UpdateChannel, async ({ ctx, caller, params }, input) =>
    channelEcho(
      events['channel.updated'].echo,
      await updateChannel(ctx, caller, params.id, replacing(input)),
    ),
  ),
  delete: action(z.unknown(), async ({ ctx, caller, params }) =>
    channelEcho(events['channel.deleted'].echo, await deleteChannel(ctx, caller, params.id)),
  ),
  clearHistory: action(z.unknown(), async ({ ctx, caller, params }) =>
    channelEcho(membershipEchoes.history_cleared, await clearHistory(ctx, caller, params.id)),
  ),
  hide: action(z.unknown(), async ({ ctx, caller, params }) =>
    channelEcho(membershipEchoes.hidden, await hideChannel(ctx, caller, params.id)),
  ),
  createThread: action(CreateThread, async ({ ctx, caller, params }, input) => {
    const entity = await createThread(ctx, caller, params.id, input)
    return { ...events['thread.created'].echo, shape: ThreadShape, entity }
  }),
  block: action(UserReference, async ({ ctx, caller, params }, user) => {
    const entity = await blockChannelUser(ctx, caller, params.id, user)
    return { ...events['channel.block_record.created'].echo, shape: ChannelBlockRecord, entity }
  }),
  call: action(z.unknown(), ({ ctx, caller, params }) => callChannel(ctx, caller, params.id)),
  join: action(z.unknown(), async ({ ctx, caller, params }) =>
    channelEcho(events['channel.member.joined'].echo, await joinChannel(ctx, caller, params.id)),
  ),
  leave: action(LeaveChannel, async ({ ctx, caller, params }, input) =>
    channelEcho(events['channel.member.left'].echo, await leaveChannel(ctx, caller, params.id, input)),
  ),
  addModerator: action(UserReference, async ({ ctx, caller, params }, user) => {
    await addModerator(ctx, caller, params.id, user)
    return channelEcho(events['channel.moderator.added'].echo, await getChannel(ctx, caller, params.id))
  }),
  deleteModerator: action(UserReference, async ({ ctx, caller, params }, user) => {
    const { id } = await resolveUser(ctx, caller, user)
    return channelEcho(
      events['channel.moderator.deleted'].echo,
      await removeModerator(ctx, caller, params.id, id),
    )
  }),
  invite: action(SendInvite, async ({ ctx, caller, params }, input) => {
    const entity = await inviteUser(ctx, caller, params.id, input)
    return { ...events['channel.invite.created'].echo, shape: User, entity }
  }),
}

function channelEcho(echo: EventEcho, entity: SeenChannel): Echo {
  return { ...echo, shape: Channel, entity }
}
