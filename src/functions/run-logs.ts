// The log of a run as it is kept: bounded here too, for customers' code can speak for the process that it runs in.
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

  /** @param time as the process says, in milliseconds of the epoch; a moment of this run is recorded */
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

  /** Nothing more is kept. */
  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.note(`what follows is left out: logs have ${logLinesMax} lines and ${logBytesMax} bytes at most`)
  }

  /** What the runtime has to say to who reads. */
  note(text: string): void {
    this.#lines.push({ level: 'warn', time: new Date(this.#clock.now()).toISOString(), text })
  }

  get lines(): Log[] {
    return [...this.#lines]
  }
}
