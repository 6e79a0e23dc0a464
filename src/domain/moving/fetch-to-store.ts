import type { Context } from '#context.ts'
import type { Move } from '#data/moving/items.ts'
import { type HostedFile, storeFile } from '#domain/files/store-file.ts'
import { ChatError } from '#errors.ts'

/** Fetches a file from elsewhere. @throws FileGone, or an error that interrupts the move, which can be resumed later */
export type FetchFile = (
  url: string,
) => Promise<{ bytes: AsyncIterable<Uint8Array>; contentType?: string | undefined }>

/** The file does not exist any more, or access is refused, so that a retry would not help. */
export class FileGone extends Error {}

const attemptsMax = 5

/** Stores a file from elsewhere, which expires unless it is used; or returns the reason why that is not possible. */
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
      if (attempt === attemptsMax) throw error // for example a connection that breaks each time
    }
  }
}
