// Reports slow statements.
import type { BaseLogger } from 'pino'
import type { Metrics } from '#metrics/metrics.ts'

/** Maximum length of the title of a statement without a name. */
const textMax = 120

/** Minimum interval between warnings about one statement, so that a stalled database does not also flood the log. */
const warnMs = 1_000
/** Number of statements whose last warning is remembered. */
const titlesMax = 500

/** Returns a statement's title for the log and traces: its name, or the beginning of its text. */
export function titleOf(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim()
  return line.length > textMax ? `${line.slice(0, textMax)}…` : line
}

/**
 * Counts statements that take longer than `slowMs`, and logs each at most once a second, never with its parameters,
 * which are data. Durations are those that callers experience, including the wait for a connection.
 */
export function slowStatements(slowMs: number, log: Pick<BaseLogger, 'warn'>, metrics: Metrics) {
  const warned = new Map<string, { at: number; more: number }>()
  return (statement: string, ms: number): void => {
    if (ms <= slowMs) return
    metrics.slowStatements.add(1, metrics.kind)
    const title = titleOf(statement)
    const now = performance.now()
    const last = warned.get(title)
    if (last && now - last.at < warnMs) {
      last.more += 1
      return
    }
    if (warned.size >= titlesMax) warned.clear()
    warned.set(title, { at: now, more: 0 })
    const more = last && last.more > 0 && { more: last.more } // since the previous line
    log.warn({ statement: title, ms: Math.round(ms), ...more }, 'a statement was slow')
  }
}
