// Applies faults to runs of functions, and records the runs in the journal (testing contracts 4 and 5).
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#clock/clock.ts'
import type { Outcome } from '#context.ts'
import { maskSecrets } from '#domain/functions/runs/mask-secrets.ts'
import type { FunctionEffect } from '#test-api/faults/fault.ts'
import type { AppliedFault } from '#test-api/faults/kept.ts'
import { redact } from '#test-api/journal/redact.ts'
import type { TestApi } from '#test-api/state.ts'

export interface ObservedRun {
  applicationId: number
  /** The name of the function. */
  name: string
  /** The type of the event that triggered the run. */
  type: string
  event: Record<string, unknown>
  timeoutMs: number
  /** Values to redact in the journal. */
  secrets: string[]
}

/** Runs a function, or fails in its place if a fault applies, and records the outcome. */
export async function observeRun(
  testApi: TestApi,
  clock: Pick<Clock, 'now'>,
  run: ObservedRun,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const { applicationId, name, type, event, secrets } = run
  const fault = testApi.faults.strike(applicationId, 'function', { function: name })
  const outcome = (fault && (await failed(fault, run))) ?? (await work())
  testApi.note(applicationId, clock.now(), {
    kind: 'function',
    function: name,
    type,
    status: outcome.status,
    durationMs: Math.round(outcome.durationMs * 100) / 100,
    event: redact(maskSecrets(event), secrets),
    ...(outcome.status === 'SUCCEEDED'
      ? { result: redact(outcome.result, secrets) }
      : { error: redact({ ...outcome.error, reason: outcome.reason }, secrets) }),
    logs: redact(outcome.logs, secrets),
    fault: fault?.id,
  })
  return outcome
}

/** Returns the failure that replaces a run; undefined if the fault only delays it. */
async function failed(
  fault: AppliedFault<FunctionEffect>,
  { timeoutMs }: ObservedRun,
): Promise<Outcome | undefined> {
  const { error, hang } = fault.effect
  const since = performance.now()
  await fault.delay()
  if (hang) await sleep(timeoutMs, undefined, { signal: fault.gone, ref: false }).catch(() => undefined)
  if (!error && !hang) return undefined
  const thrown = { name: error?.error ?? 'Error', message: error?.message ?? 'A fault of a test' }
  return {
    status: 'FAILED',
    error: hang ? { name: 'TimeoutError', message: `It took longer than ${timeoutMs} ms` } : thrown,
    reason: hang ? 'timeout' : 'threw',
    logs: [],
    durationMs: performance.now() - since,
  }
}
