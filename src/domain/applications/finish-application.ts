import type { Context } from '#context.ts'
import { deleteApplicationRow, emptyApplication } from '#data/applications/deletion.ts'
import { forgetRuntime } from '#domain/functions/runtime/forget-runtime.ts'

/**
 * Empties an application that was closed, in many small commits, and deletes it.
 * @throws the signal's reason if aborted meanwhile
 */
export async function finishApplication(ctx: Context, id: number, signal?: AbortSignal): Promise<void> {
  await emptyApplication(ctx.db, id, signal)
  await ctx.db.transact((tx) => deleteApplicationRow(tx, id))
  await forgetRuntime(ctx, id)
}
