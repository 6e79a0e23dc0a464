import type { ErrorReport, Log } from './protocol.ts'

/** Why an invocation failed: because of its own code, a limit, or an error of the runtime. */
export type FailureReason = 'threw' | 'timeout' | 'memory' | 'crashed' | 'output' | 'runtime'

/** The outcome of an invocation. */
export type Outcome =
  | { status: 'SUCCEEDED'; result: unknown; logs: Log[]; durationMs: number }
  | { status: 'FAILED'; error: ErrorReport; reason: FailureReason; logs: Log[]; durationMs: number }

export function failed(
  reason: FailureReason,
  error: string | ErrorReport,
  { logs = [], durationMs = 0 }: { logs?: Log[]; durationMs?: number } = {},
): Outcome {
  const described = typeof error === 'string' ? { name: 'FunctionError', message: error } : error
  return { status: 'FAILED', reason, error: described, logs, durationMs }
}
