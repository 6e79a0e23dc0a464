import type { Context } from '#context.ts'
import { deleteFileRow, isShown, postponeFile } from '#data/files.ts'

/** Deletes a file, its bytes first, unless it is in use. If that fails, the file is swept later. */
export async function discardFile(ctx: Context, key: string): Promise<void> {
  try {
    if (await isShown(ctx.db, key)) return
    await ctx.files.delete(key)
    await deleteFileRow(ctx.db, key)
  } catch (error) {
    ctx.log.warn({ err: error, key }, 'a file could not be deleted')
    await postponeFile(ctx.db, key).catch(() => {}) // the database is away: the row expires anyway
  }
}
