// The stored log of a run. It is bounded here too, because customers' code can impersonate its process.
import type { Clock } from '#clock/clock.ts'
import { type Log, logBytesMax, logLinesMax } from './protocol.ts'

export class RunLogs {
  readonly #clock: Clock
  readonly #began: number
  readonly #lines: Log[] = []
  #bytes = 0
  #isCut = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#began = clock.now()
  }

  /** @param time reported by the process in milliseconds since the epoch; clamped to the duration of this run */
  add({ level, time, text }: { level: Log['level']; time: number; text: string }): void {
    if (this.#isCut) return
    this.#bytes += Buffer.byteLength(text)
    if (this.#lines.length >= logLinesMax || this.#bytes > logBytesMax) {
      this.cut()
      return
    }
    const at = Math.min(Math.max(time, this.#began), this.#clock.now())
    this.#lines.push({ level, time: new Date(at).toISOString(), text })
  }

  /** Drops all further lines. */
  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.note(`the rest is left out: logs have at most ${logLinesMax} lines and ${logBytesMax} bytes`)
  }

  /** Adds a message of the runtime for readers of the log. */
  note(text: string): void {
    this.#lines.push({ level: 'warn', time: new Date(this.#clock.now()).toISOString(), text })
  }

  get lines(): Log[] {
    return [...this.#lines]
  }
}
