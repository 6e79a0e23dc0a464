import type { Context } from '#context.ts'
import type { ApplicationSummary } from '#data/applications/applications.ts'
import { closeApplication, isLargeApplication } from '#data/applications/deletion.ts'
import type { Caller } from '#domain/access/caller.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { finishApplication } from '#domain/applications/finish-application.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { noteAct } from '#domain/audit/note-act.ts'

/** An application with more messages than this is emptied by the sweeper, instead of before the answer. */
const awaitedMax = 20_000

/**
 * Deletes an application and everything in it: first its credentials are withdrawn, then it is emptied in small steps,
 * then its row is deleted. The sweeper empties a large one (unless the command line asks) and one whose deletion was
 * interrupted. Its files lose their owner and are swept with other unused files, as is what other processes keep of its
 * functions.
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
  if (!isAtCommandLine(caller) && (await isLargeApplication(ctx.db, id, awaitedMax))) return application
  await finishApplication(ctx, id)
  return application
}

function isAtCommandLine(caller: OperatorCaller | Caller): boolean {
  return caller.kind === 'operator' && caller.as === 'command_line'
}
