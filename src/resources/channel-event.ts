import { z } from 'zod'
import { defineResource, Properties, RequiredText } from '#resources/define.ts'
import { nameMax, User } from '#resources/user.ts'

/** What a backend or a member triggers in a channel; the application names the type. */
const ChannelEventShape = z.object({ type: z.string(), properties: Properties, user: User.optional() })
export type ChannelEvent = z.output<typeof ChannelEventShape>

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
