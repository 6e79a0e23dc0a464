// What the command line says: results to stdout, all else to stderr; exit codes.
export interface Output {
  json: boolean
}

/** Wrong words on the command line: exit code 2. */
export class UsageError extends Error {}

/** Something failed and has been told already: exit code 1. */
export class Failure extends Error {}

/** Prints a result: as JSON, or as `text` says it. */
export function print({ json }: Output, result: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`)
}

/** Says what went wrong, and with which code the process will end. */
export function fail(error: unknown, exitCode: number, { json }: Output): void {
  const message = reasonOf(error)
  process.stderr.write(json ? `${JSON.stringify({ error: message })}\n` : `error: ${message}\n`)
  process.exitCode = exitCode
}

/** Of a failed fetch, the reason is its cause's. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const reasons = cause instanceof AggregateError ? cause.errors : [cause]
  const reason = reasons.find((each) => each instanceof Error && each.message !== '')
  return reason ? `${error.message}: ${reason.message}` : error.message
}

/** Rows under headings, as wide as what stands in them. */
export function table(headings: string[], rows: string[][]): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
