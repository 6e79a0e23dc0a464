// How long an application keeps what its users write (operating contract 5).
import { z } from 'zod'
import { Timestamp } from '#resources/define.ts'
import { single } from '#resources/queries.ts'

/** Maximum number of days: a century. */
const daysMax = 36_500

const Days = (about: string) =>
  z
    .number()
    .int()
    .min(1)
    .max(daysMax)
    .nullable()
    .optional()
    .describe(`${about}; for ever where null or absent`)

const shape = {
  messagesDays: Days('How many days messages of PUBLIC and PRIVATE channels are kept'),
  directMessagesDays: Days('How many days messages of DIRECT channels are kept'),
  filesDays: Days('How many days messages that show a file are kept, with the file'),
  inactiveChannelsDays: Days('After how many days without a message a channel is deleted'),
}

/** A given member replaces the setting; `null` removes it. */
export const PatchRetention = z.object(shape).meta({ id: 'PatchRetention' })
export type PatchRetention = z.output<typeof PatchRetention>

export const Retention = z.object(shape).meta({ id: 'Retention' })
/** In days; an absent member means forever. */
export interface Retention {
  messagesDays?: number
  directMessagesDays?: number
  filesDays?: number
  inactiveChannelsDays?: number
}

const QueryDays = single(z.coerce.number().int().min(1).max(daysMax).optional())

/** A retention to preview without saving it; for absent members, everything is kept. */
export const QueryRetention = z.object({
  messagesDays: QueryDays.describe('Preview as if this were the setting, and nothing else but what is given'),
  directMessagesDays: QueryDays.describe('As above'),
  filesDays: QueryDays.describe('As above'),
  inactiveChannelsDays: QueryDays.describe('As above'),
})
export type QueryRetention = z.output<typeof QueryRetention>

const count = (about: string) => z.number().int().nonnegative().describe(about).meta({ format: 'int64' })

export const RetentionPreview = z
  .object({
    time: Timestamp.describe('As of when'),
    messages: count('Messages of PUBLIC and PRIVATE channels that would go'),
    directMessages: count('Messages of DIRECT channels that would go'),
    files: count('Hosted files that would go with them'),
    channels: count('Channels that would go'),
  })
  .meta({ id: 'RetentionPreview' })
export type RetentionPreview = z.output<typeof RetentionPreview>
