import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { holdWorld } from '#data/worlds/contents.ts'
import { forgetPrepared } from '#domain/functions/runs/forget-prepared.ts'
import { forgetRuntime } from '#domain/functions/runtime/forget-runtime.ts'
import { ChatError, isConstraintError, isTransient, mustBeThere } from '#errors.ts'

/** What becomes of a world: it is removed, as right after its creation, or as a snapshot has it. */
export type Change = 'removed' | 'reset' | 'restored'

/** Keys of files whose rows went, but for those that are there again. */
export interface Changed {
  goneFiles: string[]
}

/** As may be where the file of a snapshot was restored elsewhere. */
const taken = 'Another world has ids by now that this one had: make a world of the snapshot instead'

/**
 * Changes all that is in a world, in one commit that nobody else's writes come between. Its sockets are closed before,
 * and again afterwards for those that were opened meanwhile; its functions' processes end.
 * @throws ChatError 404 where it is gone by then, 409 where others have ids that it is to have
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
      const keys = mustBeThere(await holdWorld(tx, id), 'world', id)
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

/** Of those who get into each other's way it is this one that gives way: it holds more than they do. */
async function persistently<T>(work: () => Promise<T>, rounds = 5): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (rounds === 1 || !isTransient(error)) throw error
    return persistently(work, rounds - 1)
  }
}
