import { z } from 'zod'
import { address, defineHypermedia } from '#resources/address.ts'
import { defineResource, Properties, RequiredText } from '#resources/define.ts'
import { nameMax, User } from '#resources/user.ts'

/** An event that a backend or a member triggers in a channel; the application chooses the type. */
export const ChannelEventShape = z.object({ type: z.string(), properties: Properties, user: User.optional() })
/** The channel's id is needed for the relay. */
export type ChannelEvent = z.output<typeof ChannelEventShape> & { channelId?: number }

export const SendChannelEvent = z
  .object({ type: RequiredText(nameMax), properties: Properties })
  .meta({ id: 'CreateChannelGenericEventResource' })
export type SendChannelEvent = z.output<typeof SendChannelEvent>

export const channelEventResource = defineResource({
  name: 'channel_event',
  collection: 'events',
  component: 'ChannelGenericEventResource',
  shape: ChannelEventShape,
  links: { application: () => '' },
})

export const channelEventHypermedia = defineHypermedia<ChannelEvent>()(ChannelEventShape, {
  params: ({ channelId }) => ({ channelId: channelId ?? 0 }),
  relays: { channel: address('/application/channels/{channelId}.relay') },
})
