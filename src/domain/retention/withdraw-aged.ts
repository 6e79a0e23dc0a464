import type { Context } from '#context.ts'
import { withdrawAgedPage } from '#data/removal/withdrawal.ts'
import { countOff } from '#domain/removal/count-off.ts'
import type { Retention } from '#resources/admin/retention.ts'

/** Takes out of sight what an application keeps no longer, a page of channels in a commit. */
export async function withdrawAged(ctx: Context, applicationId: number, retention: Retention): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = { applicationId, retention, after }
    after = await ctx.db.transact(async (tx) => {
      const { withdrawn, next } = await withdrawAgedPage(tx, page)
      await countOff(tx, applicationId, withdrawn)
      return next
    })
  }
}
