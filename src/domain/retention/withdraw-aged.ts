import type { Context } from '#context.ts'
import { withdrawAgedPage } from '#data/removal/withdrawal.ts'
import { subtractMessages } from '#domain/removal/subtract-messages.ts'
import type { Retention } from '#resources/admin/retention.ts'

/**
 * Withdraws messages that an application no longer keeps, one page of channels in each commit.
 * @throws the signal's reason if aborted, after the current page
 */
export async function withdrawAged(
  ctx: Context,
  applicationId: number,
  retention: Retention,
  signal?: AbortSignal,
): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined; signal?.throwIfAborted()) {
    const page = { applicationId, retention, after }
    after = await ctx.db.transact(async (tx) => {
      const { withdrawn, next } = await withdrawAgedPage(tx, page)
      await subtractMessages(tx, applicationId, withdrawn)
      return next
    })
  }
}
