import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import type { SampleEvent } from '#resources/admin/function.ts'
import { sampleEvents } from '#resources/admin/function-samples.ts'

/** Returns a made-up event of the type that the function handles. @throws ChatError 404 */
export async function getSampleEvent(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
): Promise<SampleEvent> {
  const { type } = await getFunction(ctx, caller, functionId)
  return { event: sampleEvents[type] }
}
