import { z } from 'zod'
import { address, cursorAddress, defineHypermedia, pagedAddress } from '#resources/address.ts'
import { defineResource, Id, isObject, Properties, RequiredText, Timestamp } from '#resources/define.ts'
import { Message } from '#resources/message.ts'
import { nameMax, User, UserReference } from '#resources/user.ts'

/** Maximum number of members of a direct channel, including its creator (contract h17). */
export const directMembersMax = 10

export const ChannelType = z.enum(['DIRECT', 'PUBLIC', 'PRIVATE'])
export type ChannelType = z.output<typeof ChannelType>

const base = {
  id: Id,
  creator: User.optional().describe('User who created the channel. Absent if the application did'),
  lastReceivedMessage: Message.optional().describe('Newest message of the channel'),
  properties: Properties,
  createdTime: Timestamp.describe('Time at which the channel was created'),
}
const group = {
  name: z.string().describe('Unique name within the application'),
  displayName: z.string().describe('Name shown to users'),
}

export const Channel = z
  .discriminatedUnion('type', [
    z
      .object({ type: z.literal('DIRECT'), ...base, members: z.array(User) })
      .meta({ id: 'DirectChannelProperties' }),
    z.object({ type: z.literal('PUBLIC'), ...base, ...group }).meta({ id: 'PublicChannelProperties' }),
    z.object({ type: z.literal('PRIVATE'), ...base, ...group }).meta({ id: 'PrivateChannelProperties' }),
  ])
  .meta({ id: 'ChannelProperties' })
export type Channel = z.output<typeof Channel>

/** `{}` is the JSON form of a JavaScript Set, and what the official SDK sends for one (contract d). */
const Members = z.preprocess(
  (value) => (isObject(value) && Object.keys(value).length === 0 ? [] : value),
  z.array(UserReference).max(1000),
)

const create = {
  creator: UserReference.optional().describe('User who creates the channel. They also become a member'),
  members: Members.optional(),
  properties: Properties.optional(),
}
const createGroup = {
  name: RequiredText(nameMax).optional().describe('Unique name. Defaults to a random UUID'),
  displayName: RequiredText(nameMax).optional().describe('Name shown to users. Defaults to `name`'),
}

export const CreateChannel = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('DIRECT'), ...create }).meta({ id: 'CreateDirectChannelResource' }),
    z
      .object({ type: z.literal('PUBLIC'), ...create, ...createGroup })
      .meta({ id: 'CreatePublicChannelResource' }),
    z
      .object({ type: z.literal('PRIVATE'), ...create, ...createGroup })
      .meta({ id: 'CreatePrivateChannelResource' }),
  ])
  .meta({ id: 'CreateChannelResource' })
export type CreateChannel = z.output<typeof CreateChannel>

/** A merge patch (RFC 7396). */
export const PatchChannel = z
  .object({
    displayName: RequiredText(nameMax).optional(),
    properties: Properties.nullable().optional(),
  })
  .meta({ id: 'ChannelPropertiesPatch' })
export type PatchChannel = z.output<typeof PatchChannel>

const ofGroup = (path: string) => (channel: Channel) =>
  channel.type === 'DIRECT' ? null : `/channels/${channel.id}/${path}`

export const channelResource = defineResource({
  name: 'channel',
  collection: 'channels',
  component: 'ChannelResource',
  shape: Channel,
  links: {
    self: (channel) => `/channels/${channel.id}`,
    participants: (channel) => `/channels/${channel.id}/participants`,
    messages: (channel) => `/channels/${channel.id}/messages`,
    events: (channel) => `/channels/${channel.id}/events`,
    memberships: ofGroup('memberships'),
    members: ofGroup('members'),
    moderators: ofGroup('moderators'),
    application: () => '',
  },
})

/** A membership. The document has only the time; the ids are needed for its links. */
const ChannelMembershipShape = z.object({
  createdTime: Timestamp.describe('Time at which the member joined'),
})
export type ChannelMembership = z.output<typeof ChannelMembershipShape> & {
  channelId: number
  userId: number
}

export const channelMembershipResource = defineResource<typeof ChannelMembershipShape, ChannelMembership>({
  name: 'channel_membership',
  collection: 'memberships',
  component: 'ChannelMembershipResource',
  shape: ChannelMembershipShape,
  links: {
    user: (membership) => `/users/${membership.userId}`,
    channel: (membership) => `/channels/${membership.channelId}`,
    member: (membership) => `/channels/${membership.channelId}/members/${membership.userId}`,
    application: () => '',
  },
})

// ---------------------------------------------------------------------------------------- in real time

/** Changes by a member. Clients send the whole channel; fields that the schema does not name are dropped. */
export const UpdateChannel = z.object({
  name: RequiredText(nameMax).optional(),
  displayName: RequiredText(nameMax).optional(),
  properties: Properties.optional(),
})
export type UpdateChannel = z.output<typeof UpdateChannel>

export const MuteChannel = z.object({ state: z.enum(['ON', 'OFF']) })
export type MuteChannel = z.output<typeof MuteChannel>

/** Removes another user, which only a moderator may do; without `user`, the caller leaves. */
export const LeaveChannel = z.object({ user: UserReference.nullish() })
export type LeaveChannel = z.output<typeof LeaveChannel>

/** The real-time runtime has lists of calls, but no calls. */
export const Call = z.object({ id: Id })

/** The relation of a user to a channel. */
export type Standing = 'member' | 'outsider' | 'blocked'

/**
 * A channel as one user sees it: with the last message that this user may see. Channels inside other resources are seen
 * as by members. A direct channel has a name here (contract 7.2), although its REST document has none.
 */
export type SeenChannel = Channel & {
  standing?: Standing
  name?: string
  /** Users who do not see the last message: they deleted it for themselves, or have left the channel. */
  lastHiddenFrom?: number[]
}

const isGroup = (channel: SeenChannel) => channel.type !== 'DIRECT'
const isMember = (channel: SeenChannel) => (channel.standing ?? 'member') === 'member'

export const channelHypermedia = defineHypermedia<SeenChannel>()(Channel, {
  params: ({ id }) => ({ id }),
  relays: {
    self: address('/application/channels/{id}.relay'),
    context: address('/application/channels/{id}.context.relay'),
    messages: cursorAddress('/application/channels/{id}.messages.relay'),
    messagesCount: address('/application/channels/{id}.messages_count.relay'),
    lastReceivedMessage: address('/application/channels/{id}.last_received_message.relay'),
    lastReadMessage: address('/application/channels/{id}.last_read_message.relay'),
    unread: address('/application/channels/{id}.unread.relay'),
    members: pagedAddress('/application/channels/{id}.members.relay'),
    moderators: pagedAddress('/application/channels/{id}.moderators.relay'),
    blockRecords: pagedAddress('/application/channels/{id}.block_records.relay'),
    threads: pagedAddress('/application/channels/{id}.threads.relay'),
    calls: pagedAddress('/application/channels/{id}.calls.relay'),
  },
  topics: {
    self: address('/topic/channels/{id}.self'),
    messages: address('/topic/channels/{id}.messages'),
    keystrokes: address('/topic/channels/{id}.keystrokes'),
    typing: address('/topic/channels/{id}.typing'),
    participants: address('/topic/channels/{id}.participants'),
    readReceipts: address('/topic/channels/{id}.read_receipts'),
    reactions: address('/topic/channels/{id}.reactions'),
    events: address('/topic/channels/{id}.events'),
    members: address('/topic/channels/{id}.members'),
    blockRecords: address('/topic/channels/{id}.block_records'),
    moderators: address('/topic/channels/{id}.moderators'),
  },
  actions: {
    message: address('/application/channels/{id}.message'),
    keystrokes: address('/application/channels/{id}.keystrokes'),
    read: address('/application/channels/{id}.read'),
    mute: address('/application/channels/{id}.mute'),
    triggerEvent: address('/application/channels/{id}.trigger_event'),
    update: address('/application/channels/{id}.update'),
    delete: address('/application/channels/{id}.delete'),
    clearHistory: address('/application/channels/{id}.clear_history'),
    hide: address('/application/channels/{id}.hide'),
    createThread: address('/application/channels/{id}.create_thread'),
    block: address('/application/channels/{id}.block'),
    call: address('/application/channels/{id}.call'),
    join: address('/application/channels/{id}.join'),
    leave: address('/application/channels/{id}.leave'),
    addModerator: address('/application/channels/{id}.add_moderator'),
    deleteModerator: address('/application/channels/{id}.delete_moderator'),
    invite: address('/application/channels/{id}.invite'),
  },
  streams: { messages: address('/v1/runtime/channels/{id}/messages') },
  when: {
    join: (channel) => channel.type === 'PUBLIC' && channel.standing === 'outsider',
    leave: (channel) => isGroup(channel) && isMember(channel),
    invite: (channel) => isGroup(channel) && isMember(channel),
    addModerator: isGroup,
    deleteModerator: isGroup,
  },
  also: ({ name }) => ({ name }),
})

export type ChannelTopic = keyof typeof channelHypermedia.topics

const ChannelBlockRecordShape = z.object({ user: User, createdTime: Timestamp })
/** A block of a user in a channel; the ids are needed for its action. */
export type ChannelBlockRecord = z.output<typeof ChannelBlockRecordShape> & { id: number; channelId: number }
export const ChannelBlockRecord = ChannelBlockRecordShape

export const channelBlockRecordHypermedia = defineHypermedia<ChannelBlockRecord>()(ChannelBlockRecord, {
  params: ({ id, channelId }) => ({ id, channelId }),
  actions: { delete: address('/application/channels/{channelId}.block_records.{id}.delete') },
})

/** The range of a page of messages, and which member has read which of them. */
export const ChannelContext = z.object({
  startCursor: Id.optional(),
  endCursor: Id.optional(),
  readBy: Properties.describe('Ids of users, keyed by the id of the message that they have read'),
})
export type ChannelContext = z.output<typeof ChannelContext>
