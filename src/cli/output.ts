// Output of the command line: results go to stdout, everything else to stderr. Exit codes.
export interface Output {
  json: boolean
}

/**
 * Invalid usage of the command line: exit code 2. Known by its name, because `chatterie start` is bundled by itself in
 * the package, with a class of its own.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A failure that has already been reported: exit code 1. */
export class Failure extends Error {}

/** Prints a result as JSON, or as `text`. */
export function print({ json }: Output, result: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`)
}

/** Reports an error and sets the exit code of the process. */
export function fail(error: unknown, exitCode: number, { json }: Output): void {
  const message = reasonOf(error)
  process.stderr.write(json ? `${JSON.stringify({ error: message })}\n` : `error: ${message}\n`)
  process.exitCode = exitCode
}

/** Returns the message of an error, including its cause, which for fetch has the actual reason. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const reasons = cause instanceof AggregateError ? cause.errors : [cause]
  const reason = reasons.find((each) => each instanceof Error && each.message !== '')
  return reason ? `${error.message}: ${reason.message}` : error.message
}

/** Formats rows under headings, in columns as wide as their content. */
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
