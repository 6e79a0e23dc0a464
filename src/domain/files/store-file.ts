import type { Context } from '#context.ts'
import type { HostedFile } from '#data/rows.ts'
import type { Caller } from '#domain/access/caller.ts'
import { safeName } from '#domain/files/safe-name.ts'
import { sniffType } from '#domain/files/sniff-type.ts'
import { writeFile } from '#domain/files/write-file.ts'

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
  const file = { name: safeName(incoming.name), contentType }
  return writeFile(ctx, caller.applicationId, file, (key) =>
    ctx.files.put(key, bytes, ctx.config.fileSizeMax),
  )
}
