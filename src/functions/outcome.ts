import type { ErrorReport, Log } from './protocol.ts'

/** Why an invocation failed: by its own code, by a limit, or because it could not be run at all. */
export type FailureReason = 'threw' | 'timeout' | 'memory' | 'crashed' | 'output' | 'runtime'

/** What became of an invocation. */
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
