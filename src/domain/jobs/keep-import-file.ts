import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { writeFile } from '#domain/files/write-file.ts'

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
  const file = { name: 'import.json', contentType: 'application/json' }
  const { key } = await writeFile(ctx, applicationId, file, (key) =>
    ctx.files.put(key, bytes, ctx.config.importSizeMax),
  )
  return key
}
