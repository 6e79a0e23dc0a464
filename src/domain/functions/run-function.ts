import type { Context, Outcome } from '#context.ts'
import { type EndedInvocation, endInvocation } from '#data/function-runs.ts'
import type { CurrentFunction } from '#data/functions.ts'
import { prepareRun } from '#domain/functions/prepare-run.ts'
import { ChatError } from '#errors.ts'

/** A run whose beginning is recorded. */
export interface BegunRun {
  function: CurrentFunction
  invocationId: number
  event: Record<string, unknown>
  timeoutMs: number
  /** For a place to run. */
  waitMs: number
  /** Where nobody waits for it: what becomes of it after this outcome. */
  follow?: (outcome: Outcome) => EndedInvocation['run']
}

/** Runs a function and records how that ended. Never throws because of the function, or of where it runs. */
export async function runFunction(ctx: Context, run: BegunRun): Promise<Outcome> {
  const { invocationId, follow } = run
  const outcome = await invoke(ctx, run)
  const next = follow?.(outcome)
  await endInvocation(ctx.db, {
    id: invocationId,
    status: outcome.status,
    result:
      outcome.status === 'SUCCEEDED'
        ? { payload: outcome.result ?? null }
        : { error: { ...outcome.error, reason: outcome.reason } },
    logs: outcome.logs,
    durationMs: outcome.durationMs,
    ...(next && { run: next }),
  })
  return outcome
}

async function invoke(
  ctx: Context,
  { function: current, event, timeoutMs, waitMs }: BegunRun,
): Promise<Outcome> {
  const { versionId, id: functionId, applicationId, type: eventType } = current
  const startedAt = performance.now()
  try {
    const { host, handlerScript, token } = await prepareRun(ctx, current)
    return await ctx.functions.invoke(host, {
      versionId,
      handlerScript,
      event,
      eventType,
      token,
      timeoutMs,
      waitMs,
    })
  } catch (error) {
    ctx.log.error({ err: error, functionId, applicationId }, 'a function could not run')
    const message =
      error instanceof ChatError && error.status < 500 ? error.message : 'The server failed to run it'
    return {
      status: 'FAILED',
      error: { name: 'RuntimeError', message },
      reason: 'runtime',
      logs: [],
      durationMs: performance.now() - startedAt,
    }
  }
}
