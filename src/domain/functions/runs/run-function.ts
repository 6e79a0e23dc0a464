import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Outcome } from '#context.ts'
import { type EndedInvocation, endInvocation, storableJson } from '#data/functions/function-runs.ts'
import type { CurrentFunction } from '#data/functions/functions.ts'
import { askForDeliveries } from '#data/webhooks/deliveries.ts'
import { secretsOf } from '#domain/functions/runs/prepare-host.ts'
import { prepareRun } from '#domain/functions/runs/prepare-run.ts'
import { runsInProgress } from '#domain/functions/runs/runs-in-progress.ts'
import { ChatError, isDatabaseAway, isGone } from '#errors.ts'

/** A run whose beginning is recorded. */
export interface BegunRun {
  function: CurrentFunction
  invocationId: number
  event: Record<string, unknown>
  timeoutMs: number
  /** How long to wait for a place to run. */
  waitMs: number
  /** If nobody waits for the run: returns what becomes of it after this outcome. */
  follow?: (outcome: Outcome) => EndedInvocation['run']
  /** Ends the run when aborted. */
  signal?: AbortSignal
  /** The trace context of what caused the run, if traced; the current one if absent. */
  traceparent?: string | undefined
}

/** Runs a function and records the outcome. Never throws because of the function or its host. */
export async function runFunction(ctx: Context, run: BegunRun): Promise<Outcome> {
  const inProgress = runsInProgress(ctx).add(run.invocationId)
  try {
    return await traced(ctx, run)
  } finally {
    inProgress.delete(run.invocationId)
  }
}

function traced(ctx: Context, run: BegunRun): Promise<Outcome> {
  const { type, id } = run.function
  if (!ctx.tracing) return perform(ctx, run)
  const options = {
    kind: 'consumer',
    parent: run.traceparent,
    attributes: { 'chatterie.function': id },
  } as const
  return ctx.tracing.run(`run ${type}`, options, async (span) => {
    const outcome = await perform(ctx, run)
    if (outcome.status === 'FAILED') span.fail(undefined)
    return outcome
  })
}

async function perform(ctx: Context, run: BegunRun): Promise<Outcome> {
  const { invocationId, follow } = run
  const { outcome: told, secrets } = await invoke(ctx, run)
  const outcome = presentable(told, secrets)
  const result = outcome.status === 'SUCCEEDED' ? 'succeeded' : outcome.reason
  ctx.metrics.functionRuns.observe(outcome.durationMs / 1_000, run.function.type, result)
  const next = follow?.(outcome)
  const ended = {
    id: invocationId,
    status: outcome.status,
    result: resultOf(outcome),
    logs: outcome.logs,
    durationMs: outcome.durationMs,
    secrets,
    ...(next && { run: next }),
  }
  await patiently(() => saveOutcome(ctx, run, outcome, ended), follow ? patienceMs : awaitedPatienceMs)
  return outcome
}

/** Webhooks and clients are told the error too, so it must not have more in it than its record. */
function presentable(outcome: Outcome, secrets: string[]): Outcome {
  return outcome.status === 'FAILED'
    ? { ...outcome, error: JSON.parse(storableJson(outcome.error, secrets)) }
    : outcome
}

/** How long the database may be away without a run being repeated because its outcome is unknown. */
const patienceMs = 60_000
/** The same for a run that a client waits for. */
const awaitedPatienceMs = 5_000
const retryMs = 500

async function patiently(save: () => Promise<void>, forMs: number): Promise<void> {
  for (const until = performance.now() + forMs; ; ) {
    try {
      return await save()
    } catch (error) {
      if (!isDatabaseAway(error) || performance.now() > until) throw error
      await sleep(retryMs, undefined, { ref: false })
    }
  }
}

async function saveOutcome(
  ctx: Context,
  { function: { applicationId, id: functionId, name, type }, invocationId }: BegunRun,
  outcome: Outcome,
  ended: EndedInvocation,
): Promise<void> {
  await ctx.db.transact(async (tx) => {
    if (!(await endInvocation(tx, ended))) return
    // A run that the stop of a server ended is executed again at once: its function has not failed.
    if (outcome.status === 'FAILED' && ended.run?.retryMs !== 0) {
      const error = { name: outcome.error.name, message: outcome.error.message }
      const about = { id: functionId, name, type }
      await askForDeliveries(tx, applicationId, 'function.failed', { function: about, invocationId, error })
    }
    await tx.emit({ type: 'function.invoked', applicationId, payload: { functionId, invocationId } })
  })
}

/** Invokes the function. @returns the outcome, and the secrets to mask in it */
async function invoke(
  ctx: Context,
  { function: current, event, timeoutMs, waitMs, signal }: BegunRun,
): Promise<{ outcome: Outcome; secrets: string[] }> {
  const { versionId, id: functionId, applicationId, type: eventType } = current
  const startedAt = performance.now()
  try {
    const prepared = await prepareRun(ctx, current)
    const { host, handlerScript, token } = prepared
    const secrets = secretsOf(prepared)
    const traceparent = ctx.tracing?.current
    const traced = traceparent !== undefined && { traceparent }
    const ending = signal && { signal }
    const order = {
      versionId,
      handlerScript,
      event,
      eventType,
      token,
      timeoutMs,
      waitMs,
      ...traced,
      ...ending,
    }
    const run = () => ctx.functions.invoke(host, order)
    const observed = { ...current, event, timeoutMs, secrets }
    return { outcome: await (ctx.testApi ? ctx.testApi.aroundRun(ctx.clock, observed, run) : run()), secrets }
  } catch (cause) {
    if (isGone(cause)) ctx.log.debug({ err: cause, functionId, applicationId }, 'a function no longer exists')
    else ctx.log.error({ err: cause, functionId, applicationId }, 'a function could not run')
    return { outcome: outcomeOfFailure(cause, performance.now() - startedAt), secrets: [] }
  }
}

/** Returns what is shown of an outcome. */
export function resultOf(outcome: Outcome) {
  return outcome.status === 'SUCCEEDED'
    ? { payload: outcome.result ?? null }
    : { error: { ...outcome.error, reason: outcome.reason } }
}

/** Returns the outcome of a run that the server could not perform. */
export function outcomeOfFailure(cause: unknown, durationMs: number): Outcome {
  const message =
    cause instanceof ChatError && cause.status < 500 ? cause.message : 'The server failed to run it'
  const error = { name: 'RuntimeError', message }
  return { status: 'FAILED', error, reason: 'runtime', logs: [], durationMs }
}
