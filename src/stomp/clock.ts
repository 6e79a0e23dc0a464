// The timing of one connection: heart-beats, silence and deadlines. It has no timer; the connection checks it.
import type { StompLimits } from './limits.ts'

export class Clock {
  readonly #limits: StompLimits
  /** Time at which the current wait ends. */
  #deadline = Number.POSITIVE_INFINITY
  #receivedBytes = 0
  #heardAt = performance.now()
  #silenceMsMax = Number.POSITIVE_INFINITY
  #beatMs = Number.POSITIVE_INFINITY
  #beatAt = Number.POSITIVE_INFINITY

  constructor(limits: StompLimits) {
    this.#limits = limits
  }

  /** Sets the deadline to `ms` from now; without an argument, removes it. */
  wait(ms = Number.POSITIVE_INFINITY): void {
    this.#deadline = performance.now() + ms
  }

  isOver(now: number): boolean {
    return now >= this.#deadline
  }

  /**
   * Starts heart-beats. In each direction, the interval is the larger of what the sender offers and what the receiver
   * wants [STOMP 1.2 Heart-beating].
   * @param heartBeat the header of CONNECT, already validated
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
   * Returns whether the client has been silent for too long.
   * @param receivedBytes total number of bytes received from the client
   * @param isPaused whether the socket is not read, which does not count as silence
   */
  isSilent(now: number, receivedBytes: number, isPaused: boolean): boolean {
    if (receivedBytes !== this.#receivedBytes || isPaused) {
      this.#receivedBytes = receivedBytes
      this.#heardAt = now
    }
    return now - this.#heardAt > this.#silenceMsMax
  }

  /**
   * Returns whether a heart-beat is due, and if so schedules the next one. Sending other frames does not postpone it,
   * because some clients count only line feeds [runtime contract 1.3].
   */
  takeBeat(now: number): boolean {
    if (now < this.#beatAt) return false
    this.#beatAt = now + this.#beatMs
    return true
  }
}
