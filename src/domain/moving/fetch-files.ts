import type { Context } from '#context.ts'
import type { Move, PendingItem } from '#data/moving/items.ts'
import type { StoredFile } from '#data/rows.ts'
import { type FetchFile, fetchToStore } from '#domain/moving/fetch-to-store.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedMessage } from '#resources/moving.ts'

/** The maximum number of concurrent fetches. */
const fetchesMax = 4

/**
 * Stores the files of messages that are still to be written. If one cannot be fetched, the message keeps a link to its
 * original place.
 */
export async function fetchFiles(
  ctx: Context,
  move: Move,
  items: PendingItem<MovedMessage>[],
  fetchFile: FetchFile,
): Promise<{ files: Map<string, StoredFile>; problems: Problem[] }> {
  const files = new Map<string, StoredFile>()
  const problems: Problem[] = []
  const waiting = items.filter(({ id, content }) => id === null && content.file?.isHosted)
  const work = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      const { key, content } = item
      if (!content.file) continue
      const stored = await fetchToStore(ctx, move, content.file, fetchFile)
      if ('reason' in stored) problems.push({ key, reason: stored.reason })
      else files.set(key, { type: 'HOSTED', ...stored })
    }
  }
  await Promise.all(Array.from({ length: fetchesMax }, work))
  return { files, problems }
}
