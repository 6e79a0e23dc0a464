import type { Context } from '#context.ts'
import { insertVersion } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { mustCompile } from '#domain/functions/must-compile.ts'
import { notFound } from '#errors.ts'
import type { CreateFunctionVersion, FunctionVersion } from '#resources/function.ts'

/**
 * Adds a version to a function and makes it the current one, which later runs use; current runs are not affected.
 * @throws ChatError 404, 400 if the script does not compile
 */
export async function createFunctionVersion(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
  { handlerScript }: CreateFunctionVersion,
): Promise<FunctionVersion> {
  await mustCompile(ctx, handlerScript, { resource: 'function_version', field: 'handlerScript' })
  const version = await ctx.db.transact(async (tx) => {
    const inserted = await insertVersion(tx, caller.applicationId, functionId, handlerScript)
    if (!inserted) throw notFound('function', functionId)
    await noteOperatorsAct(tx, caller, {
      action: 'function.deployed',
      target: { type: 'function', id: functionId },
      details: { versionNumber: inserted.versionNumber },
    })
    return inserted
  })
  ctx.functions.deploy(caller.applicationId)
  return version
}
