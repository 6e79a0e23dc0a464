import { z } from 'zod'
import { defineResource, Id, Properties, RequiredText, Timestamp } from '#resources/define.ts'
import { Message } from '#resources/message.ts'
import { nameMax, User, UserReference } from '#resources/user.ts'

/** Of a direct channel, its creator included (contract h17). */
export const directMembersMax = 10

export const ChannelType = z.enum(['DIRECT', 'PUBLIC', 'PRIVATE'])
export type ChannelType = z.output<typeof ChannelType>

const base = {
  id: Id,
  creator: User.optional().describe('Who made this channel; absent where the application did'),
  lastReceivedMessage: Message.optional().describe('The newest message of this channel'),
  properties: Properties,
  createdTime: Timestamp.describe('When this channel was made'),
}
const group = {
  name: z.string().describe('Unique in the application'),
  displayName: z.string().describe('What users see'),
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

/** `{}` is what a JavaScript Set becomes in JSON, and what the official SDK sends for one (contract d). */
const Members = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
      ? []
      : value,
  z.array(UserReference).max(1000),
)

const create = {
  creator: UserReference.optional().describe('Becomes a member too'),
  members: Members.optional(),
  properties: Properties.optional(),
}
const createGroup = {
  name: RequiredText(nameMax).optional().describe('Unique; a random UUID where absent'),
  displayName: RequiredText(nameMax).optional().describe('The name where absent'),
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

/** That somebody joined. The ids are for its links; the document has only the time. */
const ChannelMembershipShape = z.object({ createdTime: Timestamp.describe('When the member joined') })
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
