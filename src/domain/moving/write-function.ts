import type { Context } from '#context.ts'
import { endItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { backendOf } from '#domain/access/caller.ts'
import { createFunction } from '#domain/functions/create-function.ts'
import { createFunctionVersion } from '#domain/functions/create-function-version.ts'
import { enableFunction } from '#domain/functions/enable-function.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import { listFunctions } from '#domain/functions/list-functions.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import { ChatError } from '#errors.ts'
import type { MovedFunction } from '#resources/moving.ts'

const everything = { number: 0, size: 10_000, sort: [] }

/**
 * Creates a function with its versions, or adds the versions that are new in the source. A function of the same name
 * and event type is taken for the same. Its enabled state is only copied once it has all versions.
 */
export async function writeFunction(
  ctx: Context,
  move: Move,
  { key, id, content }: PendingItem<MovedFunction>,
): Promise<Problem[]> {
  const caller = backendOf(move.applicationId)
  const { type, name, description, versions, enabled } = content
  try {
    const { items } = await listFunctions(ctx, caller, everything)
    const same = items.find((each) => (id ? each.id === id : each.type === type && each.name === name))
    const mine = same ?? (await createFunction(ctx, caller, { type, name, description }))
    if (!same) await enableFunction(ctx, caller, mine.id, false)
    const { currentVersionNumber } = await getFunction(ctx, caller, mine.id)
    for (const handlerScript of versions.slice(currentVersionNumber)) {
      await createFunctionVersion(ctx, caller, mine.id, { handlerScript })
    }
    await enableFunction(ctx, caller, mine.id, enabled)
    await endItems(ctx.db, move, 'function', [{ key, id: mine.id }])
    return []
  } catch (error) {
    if (!(error instanceof ChatError) || error.status >= 500) throw error
    return [{ key, reason: error.message.slice(0, 300) }]
  }
}
