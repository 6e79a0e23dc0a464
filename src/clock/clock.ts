// The time that counts: rows are dated by it, and tokens, grants and waits end by it. Heart-beats, sockets, patience with
// others and measurements go by real time, which is what `performance.now()` is for. [decision 16]

export interface Clock {
  readonly state: ClockState
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Does work once so much time has passed; that alone keeps no process alive. What takes longer goes on behind
   * `ctx.later`, so that whoever moves the clock can wait for it.
   */
  after(ms: number, work: () => void): Alarm
  /**
   * @param look looks at once for what has become due in the database, which is looked for now and then anyway, and
   * resolves when it is done; called each time the clock was moved
   */
  onMove(look: () => Promise<void>): void
}

/** How a clock goes, in milliseconds: so far ahead of real time, or not at all, at a time since the epoch. */
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
