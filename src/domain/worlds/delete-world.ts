import type { Context } from '#context.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'

/** Removes a world with everything in it. @throws ChatError 404 */
export async function deleteWorld(ctx: Context, id: number): Promise<void> {
  await mustHaveWorld(ctx, id)
  await deleteApplication(ctx, String(id))
  await ctx.testApi?.forget(id, 'removed')
}
