import type { Context, Outcome } from '#context.ts'
import { storableJson } from '#data/functions/function-runs.ts'
import { findRuntime } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import { mustCompile } from '#domain/functions/must-compile.ts'
import { prepareHost, secretsOf } from '#domain/functions/runs/prepare-host.ts'
import { outcomeOfFailure, resultOf } from '#domain/functions/runs/run-function.ts'
import { timeLimitOf } from '#domain/functions/runs/time-limit-of.ts'
import { notFound } from '#errors.ts'
import type { Trial, TryFunction } from '#resources/admin/function.ts'

/** How long to wait for a place to run. */
const waitMs = 10_000
/** Identifies a tried script; negative, because the ids of versions are positive. */
let lastTrial = 0

/**
 * Runs a script once with an event, like the function itself: in its runtime, with a token of the application, so that
 * its API calls really take effect. Nothing is deployed, and no invocation recorded.
 * @throws ChatError 404, 400 if the script does not compile
 */
export async function tryFunction(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
  { handlerScript, event }: TryFunction,
): Promise<Trial> {
  const { applicationId } = caller
  const { type: eventType } = await getFunction(ctx, caller, functionId)
  await mustCompile(ctx, handlerScript, { resource: 'function', field: 'handlerScript' })
  const runtime = await findRuntime(ctx.db, applicationId)
  if (!runtime) throw notFound('runtime of application', applicationId)
  await ctx.db.transact((tx) =>
    noteOperatorsAct(tx, caller, { action: 'function.tried', target: { type: 'function', id: functionId } }),
  )
  const { outcome, secrets } = await run(ctx, { applicationId, revision: runtime.revision }, (token) => {
    lastTrial -= 1
    const timeoutMs = timeLimitOf(ctx.config, eventType)
    return { versionId: lastTrial, handlerScript, event, eventType, token, timeoutMs, waitMs }
  })
  return {
    status: outcome.status,
    durationMs: Math.round(outcome.durationMs),
    // As in recorded invocations.
    ...JSON.parse(storableJson({ result: resultOf(outcome), logs: outcome.logs }, secrets)),
  }
}

/** Runs the script; as for the function itself, a failure to run at all counts as an outcome. */
async function run(
  ctx: Context,
  wanted: { applicationId: number; revision: number },
  orderOf: (token: string) => Parameters<Context['functions']['invoke']>[1],
): Promise<{ outcome: Outcome; secrets: string[] }> {
  try {
    const prepared = await prepareHost(ctx, wanted)
    const outcome = await ctx.functions.invoke(prepared.host, orderOf(prepared.token))
    return { outcome, secrets: secretsOf(prepared) }
  } catch (cause) {
    ctx.log.error({ err: cause, applicationId: wanted.applicationId }, 'a test run of a script failed')
    return { outcome: outcomeOfFailure(cause, 0), secrets: [] }
  }
}
