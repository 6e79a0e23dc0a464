// How long an application keeps what its users write (operating contract 5).
import { z } from 'zod'
import { count, Timestamp } from '#resources/define.ts'
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
    .describe(`${about}. If null or absent, there is no limit`)

const shape = {
  messagesDays: Days('Number of days for which messages of PUBLIC and PRIVATE channels are kept'),
  directMessagesDays: Days('Number of days for which messages of DIRECT channels are kept'),
  filesDays: Days('Number of days for which messages with a file are kept, including the file'),
  inactiveChannelsDays: Days('Number of days without a message after which a channel is deleted'),
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
  messagesDays: QueryDays.describe(
    'Previews this value of `messagesDays`. If any value is given, the values given replace the whole setting',
  ),
  directMessagesDays: QueryDays.describe('Previews this value of `directMessagesDays`, in the same way'),
  filesDays: QueryDays.describe('Previews this value of `filesDays`, in the same way'),
  inactiveChannelsDays: QueryDays.describe('Previews this value of `inactiveChannelsDays`, in the same way'),
})
export type QueryRetention = z.output<typeof QueryRetention>

export const RetentionPreview = z
  .object({
    time: Timestamp.describe('Time to which the counts apply'),
    messages: count('Number of messages of PUBLIC and PRIVATE channels that would be deleted'),
    directMessages: count('Number of messages of DIRECT channels that would be deleted'),
    files: count('Number of hosted files that would be deleted with these messages'),
    channels: count('Number of channels that would be deleted'),
  })
  .meta({ id: 'RetentionPreview' })
export type RetentionPreview = z.output<typeof RetentionPreview>
