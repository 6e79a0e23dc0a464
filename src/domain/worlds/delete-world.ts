import type { Context } from '#context.ts'
import { clearContents } from '#data/worlds/contents.ts'
import { deleteWorldRow } from '#data/worlds/worlds.ts'
import { changeWorld } from '#domain/worlds/change-world.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'

/** Removes a world with all of its contents; its snapshots stay. @throws ChatError 404 */
export async function deleteWorld(ctx: Context, id: number): Promise<void> {
  await mustHaveWorld(ctx, id)
  await changeWorld(ctx, id, 'removed', async (tx) => {
    const [{ fileKeys }] = await Promise.all([clearContents(tx, id), deleteWorldRow(tx, id)])
    return { goneFiles: fileKeys }
  })
}
