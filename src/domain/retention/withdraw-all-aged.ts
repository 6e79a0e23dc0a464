import type { Context } from '#context.ts'
import { agingApplications, findRetention } from '#data/removal/retention.ts'
import { withdrawAged } from '#domain/retention/withdraw-aged.ts'

/** Takes out of sight what applications keep no longer. It is removed at its time, which may be later. */
export async function withdrawAllAged(ctx: Context): Promise<void> {
  for (const id of await agingApplications(ctx.db))
    await withdrawAged(ctx, id, await findRetention(ctx.db, id))
}
