import type { Context } from '#context.ts'
import { keepFile } from '#data/files.ts'
import { endItems, idsOfItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { lockUser, replacePicture } from '#data/users/users.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { type FetchFile, fetchToStore } from '#domain/moving/fetch-to-store.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedPicture } from '#resources/moving.ts'
import { hostedUrl } from '#resources/served.ts'

/** Sets a user's picture, and stores its file if it is to be hosted here, without notifying anybody. */
export async function writePicture(
  ctx: Context,
  move: Move,
  { key, content: { url, isHosted } }: PendingItem<MovedPicture>,
  fetchFile: FetchFile,
): Promise<Problem[]> {
  const userId = (await idsOfItems(ctx.db, move, 'user', [key])).get(key)
  if (userId === undefined) return [{ key, reason: 'its user is not there' }]
  const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) || 'picture')
  const stored = isHosted ? await fetchToStore(ctx, move, { url, name }, fetchFile) : undefined
  if (stored && 'reason' in stored) return [{ key, reason: stored.reason }]
  const replaced = await ctx.db.transact(async (tx) => {
    if (!(await lockUser(tx, move.applicationId, userId))) return stored?.key
    if (stored) await keepFile(tx, stored.key)
    const before = await replacePicture(
      tx,
      userId,
      stored ? { url: hostedUrl(stored), fileKey: stored.key } : { url },
    )
    await endItems(tx, move, 'picture', [{ key }])
    return before
  })
  if (replaced) await discardFile(ctx, replaced)
  return []
}
