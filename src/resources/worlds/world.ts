// What the test API calls a world: an application of its own (testing contract 2).
import { z } from 'zod'
import { RequiredText } from '#resources/define.ts'
import { nameMax } from '#resources/user.ts'

/** As the Platform API spells it; tests may say it as a boolean. */
const Toggle = z.union([
  z.enum(['ENABLED', 'DISABLED']),
  z.boolean().transform((isOn) => (isOn ? ('ENABLED' as const) : ('DISABLED' as const))),
])

export const WorldSettings = z.strictObject({
  guestUsers: Toggle.optional(),
  userCreatedChannels: Toggle.optional(),
})
export type WorldSettings = z.output<typeof WorldSettings>

export const Strictness = z.enum(['lenient', 'strict'])
/** `strict` refuses unknown fields in what the world is sent. */
export type Strictness = z.output<typeof Strictness>

export const WorldName = RequiredText(nameMax)

/** A world, without where it is reached: that depends on who asks. */
export interface World {
  /** Of its application. */
  id: number
  name: string
  clientId: string
  clientSecret: string
  apiKey: string
  /** Good until the world is removed. */
  accessToken: string
  strictness: Strictness
  createdTime: string
}

/** What was in a world at a time, without that. */
export interface Snapshot {
  id: number
  name: string
  /** Bytes of its file. */
  size: number
  createdTime: string
}
