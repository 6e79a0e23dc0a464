// A world of the test API, which is an application of its own (testing contract 2).
import { z } from 'zod'
import { RequiredText } from '#resources/define.ts'
import { nameMax } from '#resources/user.ts'

/** As the Platform API spells it; tests may also use a boolean. */
const Toggle = z.union(
  [
    z.enum(['ENABLED', 'DISABLED']),
    z.boolean().transform((isOn) => (isOn ? ('ENABLED' as const) : ('DISABLED' as const))),
  ],
  { error: 'must be ENABLED or DISABLED, or true or false' },
)

export const WorldSettings = z.strictObject({
  guestUsers: Toggle.optional(),
  userCreatedChannels: Toggle.optional(),
})
export type WorldSettings = z.output<typeof WorldSettings>

export const Strictness = z.enum(['lenient', 'strict'])
/** `strict` refuses unknown fields in requests to the world. */
export type Strictness = z.output<typeof Strictness>

export const WorldName = RequiredText(nameMax)

/** A world without its addresses, which depend on the client. */
export interface World {
  /** The id of its application. */
  id: number
  name: string
  clientId: string
  clientSecret: string
  apiKey: string
  /** Valid until the world is removed. */
  accessToken: string
  strictness: Strictness
  createdTime: string
}

/** Describes a snapshot of a world, without its content. */
export interface Snapshot {
  id: number
  name: string
  /** Size of its file in bytes. */
  size: number
  createdTime: string
}
