import type { Context } from '#context.ts'
import { findPlainSecrets } from '#data/users/user-secrets.ts'
import { batchSize, resealBatch } from '#domain/keys/reseal-batch.ts'

/** Seals secrets that earlier versions stored in plain text, in small batches, until done or aborted. */
export async function sealPlainSecrets(ctx: Context, signal: AbortSignal): Promise<void> {
  let sealed = 0
  while (!signal.aborted) {
    const found = await findPlainSecrets(ctx.db, batchSize)
    if (found.length === 0) break
    sealed += (await resealBatch(ctx, found)).resealed
  }
  if (sealed > 0) ctx.log.info({ sealed }, 'user secrets that were in plain text are sealed')
}
