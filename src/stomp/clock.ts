// The times of one connection: its beats, its silence, and how long it is waited for. Somebody else looks at it.
import type { StompLimits } from './limits.ts'

export class Clock {
  readonly #limits: StompLimits
  /** When what is waited for is given up. */
  #deadline = Number.POSITIVE_INFINITY
  #receivedBytes = 0
  #heardAt = performance.now()
  #silenceMsMax = Number.POSITIVE_INFINITY
  #beatMs = Number.POSITIVE_INFINITY
  #beatAt = Number.POSITIVE_INFINITY

  constructor(limits: StompLimits) {
    this.#limits = limits
  }

  /** Waits so long from now on; for ever by default. */
  wait(ms = Number.POSITIVE_INFINITY): void {
    this.#deadline = performance.now() + ms
  }

  isOver(now: number): boolean {
    return now >= this.#deadline
  }

  /**
   * A server must send a beat every max(what it offers, what the client wants), and may expect one as often
   * [STOMP 1.2 Heart-beating].
   * @param heartBeat as CONNECT says it, checked
   */
  beginBeating(heartBeat = '0,0'): void {
    const { heartBeatMs, silentBeatsMax, tickMs } = this.#limits
    const [sends = 0, wants = 0] = heartBeat.split(',').map(Number)
    this.#heardAt = performance.now()
    if (wants > 0) {
      this.#beatMs = Math.max(wants, heartBeatMs) - tickMs
      this.#beatAt = this.#heardAt + this.#beatMs
    }
    if (sends > 0) this.#silenceMsMax = Math.max(sends, heartBeatMs) * silentBeatsMax
  }

  /**
   * Whether the client was not heard for too long.
   * @param receivedBytes all that ever came from it
   * @param isPaused whether it is not read, and so cannot be heard
   */
  isSilent(now: number, receivedBytes: number, isPaused: boolean): boolean {
    if (receivedBytes !== this.#receivedBytes || isPaused) {
      this.#receivedBytes = receivedBytes
      this.#heardAt = now
    }
    return now - this.#heardAt > this.#silenceMsMax
  }

  /**
   * Whether it is time for a beat; then the next one is a while away. Other frames make no difference: some clients
   * count line feeds alone [runtime contract 1.3].
   */
  takeBeat(now: number): boolean {
    if (now < this.#beatAt) return false
    this.#beatAt = now + this.#beatMs
    return true
  }
}
