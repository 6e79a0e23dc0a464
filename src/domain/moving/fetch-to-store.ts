import type { Context } from '#context.ts'
import type { Move } from '#data/moving/items.ts'
import { type HostedFile, storeFile } from '#domain/files/store-file.ts'
import { ChatError } from '#errors.ts'

/** The bytes of a file that is elsewhere. @throws FileGone, or what ends the move, to be gone on with later */
export type FetchFile = (
  url: string,
) => Promise<{ bytes: AsyncIterable<Uint8Array>; contentType?: string | undefined }>

/** There is no such file any more, or nobody may have it; asking again would not help. */
export class FileGone extends Error {}

const attemptsMax = 5

/** Keeps the bytes of a file that is elsewhere, until something shows it; or says why that cannot be. */
export async function fetchToStore(
  ctx: Context,
  { applicationId }: Move,
  file: { url: string; name: string; contentType?: string },
  fetchFile: FetchFile,
): Promise<HostedFile | { reason: string }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { bytes, contentType } = await fetchFile(file.url)
      return await storeFile(
        ctx,
        { applicationId },
        { name: file.name, contentType: file.contentType ?? contentType, bytes },
      )
    } catch (error) {
      if (error instanceof FileGone) return { reason: error.message }
      if (error instanceof ChatError && error.kind === 'PayloadTooLargeError') {
        return { reason: `the file is larger than ${ctx.config.fileSizeMax} bytes (FILE_SIZE_MAX)` }
      }
      if (attempt === attemptsMax) throw error // such as a connection that is cut in the middle each time
    }
  }
}
