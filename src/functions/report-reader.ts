// Reads the reports of a function process: lines of JSON, which are untrusted and therefore bounded in size and number.
import { logBytesMax, logLinesMax, type Report, resultBytesMax } from './protocol.ts'
import { readReport } from './reports.ts'

/** Limit for one run: a result and its logs, however JSON escapes their characters. */
const bytesMax = 6 * (resultBytesMax + logBytesMax) + 1024 * 1024
/** The log lines, and a few reports about the run's progress. */
const reportsMax = logLinesMax + 100
const newline = 10

export class ReportReader {
  readonly #take: (report: Report) => boolean
  #pending: Buffer[] = []
  #bytes = 0
  #reports = 0

  /** @param take returns whether the report is valid in the current state */
  constructor(take: (report: Report) => boolean) {
    this.#take = take
  }

  /** Starts a new run, for which the limits apply afresh. */
  reset(): void {
    this.#bytes = 0
    this.#reports = 0
  }

  /** @returns what is wrong with the data, if anything; the process must then not be trusted any more */
  read(chunk: Buffer): string | undefined {
    this.#bytes += chunk.length
    if (this.#bytes > bytesMax) return tooMuch
    const end = chunk.lastIndexOf(newline)
    if (end === -1) {
      this.#pending.push(chunk)
      return undefined
    }
    const lines = Buffer.concat([...this.#pending, chunk.subarray(0, end)]).toString('utf8')
    this.#pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : []
    for (const line of lines.split('\n')) {
      this.#reports++
      if (this.#reports > reportsMax) return tooMuch
      const report = readReport(line)
      if (!report || !this.#take(report)) return "it wrote on the channel that is the runtime's own"
    }
    return undefined
  }
}

const tooMuch = 'its report is too large'
