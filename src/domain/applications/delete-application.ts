import type { Context } from '#context.ts'
import type { ApplicationSummary } from '#data/applications/applications.ts'
import { closeApplication, deleteApplicationRow, emptyApplication } from '#data/applications/deletion.ts'
import type { Caller } from '#domain/access/caller.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { forgetRuntime } from '#domain/functions/runtime/forget-runtime.ts'

/**
 * Deletes an application and everything in it: first nobody gets in any more, then it is emptied little by little,
 * then it is gone. Cut off in between, it can be run again. Its files lose their owner, and are swept with those
 * that nothing shows, as is what other processes keep of its functions.
 * @throws ChatError 404
 */
export async function deleteApplication(
  ctx: Context,
  caller: OperatorCaller | Caller,
  reference: string,
): Promise<ApplicationSummary> {
  const application = await referredApplication(ctx, reference)
  const { id, name } = application
  await ctx.db.transact(async (tx) => {
    await closeApplication(tx, id)
    const target = { type: 'application', id }
    await noteAct(tx, caller, { action: 'application.deleted', applicationId: id, target, details: { name } })
  })
  ctx.tokens.forget()
  await emptyApplication(ctx.db, id)
  await ctx.db.transact((tx) => deleteApplicationRow(tx, id))
  await forgetRuntime(ctx, id)
  return application
}
