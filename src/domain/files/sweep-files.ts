import type { Context } from '#context.ts'
import { findExpiredFiles } from '#data/files.ts'
import { discardFile } from '#domain/files/discard-file.ts'

const sweepBatchMax = 50

/**
 * Deletes one batch of the files that nothing shows any more: of deleted channels, users and applications, and of
 * uploads that nobody finished. Several processes may sweep at once.
 * @returns whether more may wait
 */
export async function sweepFiles(ctx: Context): Promise<boolean> {
  const keys = await findExpiredFiles(ctx.db, sweepBatchMax)
  await Promise.all(keys.map((key) => discardFile(ctx, key)))
  return keys.length === sweepBatchMax
}
