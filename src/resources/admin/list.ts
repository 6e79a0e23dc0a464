// How the admin API pages long lists: each part continues where the previous one ended.
import { z } from 'zod'
import { single } from '#resources/queries.ts'

const limitDefault = 25
const limitMax = 100

/** The query parameters of every list. */
export const ListQuery = z.object({
  limit: single(
    z
      .string()
      .regex(/^\d{1,9}$/, `must be a number from 1 to ${limitMax}`)
      .default(String(limitDefault))
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= limitMax, `must be a number from 1 to ${limitMax}`),
  )
    .meta({ type: 'integer', minimum: 1, maximum: limitMax, default: limitDefault })
    .describe('Maximum number of items to return'),
  cursor: single(z.string().max(4_096).optional()).describe('Value of `next` in the previous response'),
})
export type ListRequest = z.output<typeof ListQuery>

/** Part of a list. `next` is the cursor of the next part, absent at the end. */
export interface ListPart<E> {
  items: E[]
  next?: string
}
