import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { completeFile, insertFile } from '#data/files.ts'
import type { Caller } from '#domain/access/caller.ts'
import { discardFile } from '#domain/files/discard-file.ts'

/**
 * Stores a file to import. The file expires unless a job is started for it.
 * @returns its key
 * @throws ChatError 413, and any error of the byte stream
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
