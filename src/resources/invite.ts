import { z } from 'zod'
import { defineResource, Timestamp } from '#resources/define.ts'
import { UserReference } from '#resources/user.ts'

const ChannelInviteShape = z.object({ createdTime: Timestamp })
/** The document has only the time; the ids are needed for its links. */
export type ChannelInvite = z.output<typeof ChannelInviteShape> & { channelId: number; inviteeId: number }

export const SendInvite = z.object({ user: UserReference }).meta({ id: 'CreateChannelInviteResource' })
export type SendInvite = z.output<typeof SendInvite>

export const channelInviteResource = defineResource<typeof ChannelInviteShape, ChannelInvite>({
  name: 'channel_invite',
  collection: 'invites',
  component: 'ChannelInviteResource',
  shape: ChannelInviteShape,
  links: {
    invitee: (invite) => `/users/${invite.inviteeId}`,
    channel: (invite) => `/channels/${invite.channelId}`,
    application: () => '',
  },
})
