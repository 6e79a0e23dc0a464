import type { Context } from '#context.ts'
import { agingApplications, findRetention } from '#data/removal/retention.ts'
import { withdrawAged } from '#domain/retention/withdraw-aged.ts'

/** Withdraws messages that applications no longer keep. They are removed later, by jobs. */
export async function withdrawAllAged(ctx: Context, signal: AbortSignal): Promise<void> {
  for (const id of await agingApplications(ctx.db))
    await withdrawAged(ctx, id, await findRetention(ctx.db, id), signal)
}
