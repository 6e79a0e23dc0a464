// The application's clock: it dates rows and ends tokens, grants and waits. Heartbeats, sockets, timeouts and
// measurements use real time, which is what `performance.now()` is for. [decision 16]

export interface Clock {
  readonly state: ClockState
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Runs work after a delay; a pending alarm does not keep the process alive. Longer work should continue in
   * `ctx.later`, so that callers who move the clock can wait for it.
   */
  after(ms: number, work: () => void): Alarm
  /**
   * @param look called each time the clock has been moved; processes what has become due in the database, which is
   * otherwise polled for, and resolves when that is done
   */
  onMove(look: () => Promise<void>): void
}

/** State of a clock in milliseconds: an offset from real time, or the time since the epoch at which it is frozen. */
export interface ClockState {
  offsetMs: number
  frozenAt?: number
}

export interface Alarm {
  cancel(): void
}

/** The clock of a server that no test moves. */
export const realClock: Clock = {
  state: { offsetMs: 0 },
  now: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  onMove() {},
}
