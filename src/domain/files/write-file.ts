import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { completeFile, insertFile } from '#data/files.ts'
import type { HostedFile } from '#data/rows.ts'
import { discardFile } from '#domain/files/discard-file.ts'

/**
 * Stores a new file. It expires unless something comes to use it, so that nothing is left behind by a request or a job
 * that fails.
 * @param write puts the bytes under the key; whatever it throws is thrown once the file has been discarded
 */
export async function writeFile(
  ctx: Context,
  applicationId: number,
  { name, contentType }: Pick<HostedFile, 'name' | 'contentType'>,
  write: (key: string) => Promise<{ size: number; sha256: Buffer }>,
): Promise<HostedFile> {
  const file = { key: uuid(), name, contentType }
  await insertFile(ctx.db, applicationId, file)
  try {
    const { size, sha256 } = await write(file.key)
    await completeFile(ctx.db, file.key, size, sha256)
    return { ...file, size }
  } catch (error) {
    await discardFile(ctx, file.key)
    throw error
  }
}
