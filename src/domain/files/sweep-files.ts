import type { Context } from '#context.ts'
import { findExpiredFiles } from '#data/files.ts'
import { discardFile } from '#domain/files/discard-file.ts'

const sweepBatchMax = 50

/**
 * Deletes a batch of unused files: those of deleted channels, users and applications, and abandoned uploads. Several
 * processes may sweep at once.
 * @returns whether there may be more
 */
export async function sweepFiles(ctx: Context): Promise<boolean> {
  const keys = await findExpiredFiles(ctx.db, sweepBatchMax)
  await Promise.all(keys.map((key) => discardFile(ctx, key)))
  return keys.length === sweepBatchMax
}
