import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { holdWorld } from '#data/worlds/contents.ts'
import { forgetPrepared } from '#domain/functions/runs/forget-prepared.ts'
import { forgetRuntime } from '#domain/functions/runtime/forget-runtime.ts'
import { ChatError, isConstraintError, isTransient, mustExist } from '#errors.ts'

/** What happens to a world: it is removed, reset to its state after creation, or restored from a snapshot. */
export type Change = 'removed' | 'reset' | 'restored'

/** Keys of files whose rows were deleted and not written again. */
export interface Changed {
  goneFiles: string[]
}

/** May happen if the file of a snapshot was restored in another world. */
const taken = 'Another world has ids by now that this one had: make a world of the snapshot instead'

/**
 * Changes the contents of a world in one commit, without other writes in between. Sockets are closed before it, and
 * again afterwards if opened meanwhile; processes of the world's functions end.
 * @throws ChatError 404 if the world is gone, 409 if ids that it needs are taken
 */
export async function changeWorld(
  ctx: Context,
  id: number,
  change: Change,
  work: (tx: Tx, keys: { isChecked: boolean }) => Promise<Changed>,
): Promise<void> {
  await ctx.testApi?.forget(id, change)
  const { goneFiles } = await persistently(() =>
    ctx.db.rewrite(async (tx) => {
      const keys = mustExist(await holdWorld(tx, id), 'world', id)
      return work(tx, keys).catch((error) => {
        throw isConstraintError(error, 'unique') ? new ChatError('ConflictError', taken) : error
      })
    }),
  )
  ctx.tokens.forget()
  forgetPrepared(ctx)
  await ctx.testApi?.forget(id, change)
  await forgetRuntime(ctx, id)
  const deleted = goneFiles.map((key) =>
    ctx.files.delete(key).catch((error) => ctx.log.warn({ err: error, key }, 'a file could not be deleted')),
  )
  await Promise.all(deleted)
}

/** Retries after deadlocks; it is this transaction that gives way, because it holds more locks than others. */
async function persistently<T>(work: () => Promise<T>, rounds = 5): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (rounds === 1 || !isTransient(error)) throw error
    return persistently(work, rounds - 1)
  }
}
