// Statements that take too long.
import type { BaseLogger } from 'pino'
import type { Metrics } from '#metrics/metrics.ts'

/** Characters of a statement without a name. */
const textMax = 120

/** A statement is warned of so often: a database that stands still must not flood the log besides. */
const warnMs = 1_000
/** Of so many, when they were warned of last is known. */
const titlesMax = 500

/** What a statement is called in the log and in traces: its name, or the beginning of its text. */
export function titleOf(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim()
  return line.length > textMax ? `${line.slice(0, textMax)}…` : line
}

/**
 * Counts statements that take longer than `slowMs`, and says which ones, each once a second at most: never its
 * parameters, which are data. The time is that of whoever waits for it, with the wait for a connection.
 */
export function slowStatements(slowMs: number, log: Pick<BaseLogger, 'warn'>, metrics: Metrics) {
  const warned = new Map<string, { at: number; more: number }>()
  return (statement: string, ms: number): void => {
    if (ms <= slowMs) return
    metrics.slowStatements.add(1, metrics.thread)
    const title = titleOf(statement)
    const now = performance.now()
    const last = warned.get(title)
    if (last && now - last.at < warnMs) {
      last.more += 1
      return
    }
    if (warned.size >= titlesMax) warned.clear()
    warned.set(title, { at: now, more: 0 })
    const more = last && last.more > 0 && { more: last.more } // since the line before
    log.warn({ statement: title, ms: Math.round(ms), ...more }, 'a statement was slow')
  }
}
