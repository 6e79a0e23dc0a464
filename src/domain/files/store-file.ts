import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { completeFile, insertFile } from '#data/files.ts'
import type { HostedFile } from '#data/rows.ts'
import type { Caller } from '#domain/access/caller.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { safeName } from '#domain/files/safe-name.ts'
import { sniffType } from '#domain/files/sniff-type.ts'

export type { HostedFile }

/** A file on its way to us. */
export interface IncomingFile {
  /** As the client says: it is cleaned before it is kept. */
  name: string
  /** As the client says, if it does. */
  contentType?: string | undefined
  bytes: AsyncIterable<Uint8Array>
}

/**
 * Keeps a file as it arrives; its type is what the client says, unless that would be unsafe. Until something shows it, it is about to expire, so that
 * nothing is left behind however this ends.
 * @throws ChatError 413, and whatever ends the bytes early
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
