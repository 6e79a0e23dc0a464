// What is seen of statements: those that take too long, and in traces all.
import type { BaseLogger } from 'pino'
import type { Metrics } from '#metrics/metrics.ts'
import type { Tracing } from '#tracing/tracing.ts'

/** Characters of a statement without a name. */
const textMax = 120

/** What a statement is called: its name, or the beginning of its text. */
function titleOf(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim()
  return line.length > textMax ? `${line.slice(0, textMax)}…` : line
}

/**
 * Counts statements that take longer than `slowMs`, unless that is 0, and says of each which one it was: never its
 * parameters, which are data. The time is that of whoever waits for it, with the wait for a connection.
 * @returns nothing where there is nothing to see
 */
export function watchStatements(
  slowMs: number,
  log: Pick<BaseLogger, 'warn'>,
  metrics: Metrics,
  tracing?: Tracing,
) {
  if (slowMs === 0 && !tracing) return undefined
  return async <T>(statement: string, ask: () => Promise<T>): Promise<T> => {
    const since = performance.now()
    try {
      return await (tracing ? tracing.statement(titleOf(statement), ask) : ask())
    } finally {
      const ms = performance.now() - since
      if (slowMs > 0 && ms > slowMs) {
        metrics.slowStatements.add(1, metrics.thread)
        log.warn({ statement: titleOf(statement), ms: Math.round(ms) }, 'a statement was slow')
      }
    }
  }
}
