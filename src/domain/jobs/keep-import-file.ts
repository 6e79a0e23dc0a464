import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { completeFile, insertFile } from '#data/files.ts'
import type { Caller } from '#domain/access/caller.ts'
import { discardFile } from '#domain/files/discard-file.ts'

/**
 * Keeps a file to import. It expires unless a job comes to read it.
 * @returns its key
 * @throws ChatError 413, and whatever ends the bytes early
 */
export async function keepImportFile(
  ctx: Context,
  { applicationId }: Pick<Caller, 'applicationId'>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<string> {
  const file = { key: uuid(), name: 'import.json', contentType: 'application/json' }
  await insertFile(ctx.db, applicationId, file)
  try {
    const { size, sha256 } = await ctx.files.put(file.key, bytes, ctx.config.importSizeMax)
    await completeFile(ctx.db, file.key, size, sha256)
    return file.key
  } catch (error) {
    await discardFile(ctx, file.key)
    throw error
  }
}
