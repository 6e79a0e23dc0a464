// Reads what a process of functions says: lines of JSON, untrusted and so bounded in size and in number.
import { logBytesMax, logLinesMax, type Report, resultBytesMax } from './protocol.ts'
import { readReport } from './reports.ts'

/** Of what a process says in one run: a result and its logs, whatever JSON makes of their characters. */
const bytesMax = 6 * (resultBytesMax + logBytesMax) + 1024 * 1024
/** The log, and a few words on how it goes. */
const reportsMax = logLinesMax + 100
const newline = 10

export class ReportReader {
  readonly #take: (report: Report) => boolean
  #pending: Buffer[] = []
  #bytes = 0
  #reports = 0

  /** @param take tells whether such a report can come now */
  constructor(take: (report: Report) => boolean) {
    this.#take = take
  }

  /** Another run begins, which may say as much again. */
  reset(): void {
    this.#bytes = 0
    this.#reports = 0
  }

  /** @returns what is wrong with it; the process cannot be trusted with anything more then */
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

const tooMuch = 'it said more than can be kept'
