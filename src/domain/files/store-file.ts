import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { completeFile, insertFile } from '#data/files.ts'
import type { HostedFile } from '#data/rows.ts'
import type { Caller } from '#domain/access/caller.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { safeName } from '#domain/files/safe-name.ts'
import { sniffType } from '#domain/files/sniff-type.ts'

export type { HostedFile }

/** A file being uploaded. */
export interface IncomingFile {
  /** The name given by the client, which is sanitized before it is stored. */
  name: string
  /** The media type given by the client, if any. */
  contentType?: string | undefined
  bytes: AsyncIterable<Uint8Array>
}

/**
 * Stores an uploaded file, with the client's media type unless that would be unsafe. The file expires unless something
 * comes to use it, so that nothing is left behind if the request fails.
 * @throws ChatError 413, and any error of the byte stream
 */
export async function storeFile(
  ctx: Context,
  caller: Pick<Caller, 'applicationId'>,
  incoming: IncomingFile,
): Promise<HostedFile> {
  const { contentType, bytes } = await sniffType(incoming.bytes, incoming.contentType)
  const file = { key: uuid(), name: safeName(incoming.name), contentType }
  await insertFile(ctx.db, caller.applicationId, file)
  try {
    const { size, sha256 } = await ctx.files.put(file.key, bytes, ctx.config.fileSizeMax)
    await completeFile(ctx.db, file.key, size, sha256)
    return { ...file, size }
  } catch (error) {
    await discardFile(ctx, file.key)
    throw error
  }
}
