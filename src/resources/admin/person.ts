import { z } from 'zod'

export const Erase = z
  .object({
    messages: z
      .enum(['keep', 'redact', 'delete'])
      .describe(
        "What becomes of what the person wrote: it stays as nobody's, its texts are emptied and its files go, or all of it goes",
      ),
  })
  .meta({ id: 'Erase' })
export type Erase = z.output<typeof Erase>
