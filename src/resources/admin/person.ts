import { z } from 'zod'

export const Erase = z
  .object({
    messages: z
      .enum(['keep', 'redact', 'delete'])
      .describe(
        "What happens to the person's messages. `keep` keeps them without an author, `redact` also empties their texts and deletes their files, `delete` deletes the messages",
      ),
  })
  .meta({ id: 'Erase' })
export type Erase = z.output<typeof Erase>
