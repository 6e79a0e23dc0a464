// Statements that take too long.
import type { BaseLogger } from 'pino'
import type { Metrics } from '#metrics/metrics.ts'

/** Characters of a statement without a name. */
const textMax = 120

/** What a statement is called in the log and in traces: its name, or the beginning of its text. */
export function titleOf(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim()
  return line.length > textMax ? `${line.slice(0, textMax)}…` : line
}

/**
 * Counts statements that take longer than `slowMs`, and says of each which one it was: never its parameters, which are
 * data. The time is that of whoever waits for it, with the wait for a connection.
 */
export function slowStatements(slowMs: number, log: Pick<BaseLogger, 'warn'>, metrics: Metrics) {
  return (statement: string, ms: number): void => {
    if (ms <= slowMs) return
    metrics.slowStatements.add(1, metrics.thread)
    log.warn({ statement: titleOf(statement), ms: Math.round(ms) }, 'a statement was slow')
  }
}
