import type { Context } from '#context.ts'
import { findRuntime } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import { mustCompile } from '#domain/functions/must-compile.ts'
import { prepareHost } from '#domain/functions/runs/prepare-host.ts'
import { notFound } from '#errors.ts'
import type { Trial, TryFunction } from '#resources/admin/function.ts'

/** For a place to run. */
const waitMs = 10_000
/** Stands for a script, as the ids of versions do, which are positive. */
let lastTrial = 0

/**
 * Runs a script once with an event, as the function would: in its runtime, with a token of the application, so that
 * what it asks of the API really happens. Nothing is deployed, and no invocation recorded.
 * @throws ChatError 404, 400 for what is no script
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
  const { host, token } = await prepareHost(ctx, { applicationId, revision: runtime.revision })
  lastTrial -= 1
  const timeoutMs = ctx.config.functionTimeoutMs
  const order = { versionId: lastTrial, handlerScript, event, eventType, token, timeoutMs, waitMs }
  const outcome = await ctx.functions.invoke(host, order)
  const { status, durationMs } = outcome
  const said =
    outcome.status === 'SUCCEEDED'
      ? { result: { payload: outcome.result ?? null } }
      : { result: { error: { ...outcome.error, reason: outcome.reason } } }
  const secrets = [token, host.environment.CHATKITTY_CLIENT_SECRET ?? token]
  return {
    status,
    durationMs: Math.round(durationMs),
    ...without(secrets, { ...said, logs: outcome.logs }),
  }
}

/** What a run was given by us is shown to nobody, as in the record of runs. */
function without<T>(secrets: string[], value: T): T {
  return JSON.parse(
    secrets.reduce((text, secret) => text.replaceAll(secret, () => '***'), JSON.stringify(value)),
  )
}
