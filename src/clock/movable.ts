// A clock that tests can set, freeze and move. [testing contract 3]
import type { Alarm, Clock, ClockState } from './clock.ts'

interface Waiting {
  at: number
  work: () => void
}

/** The longest delay of a timer in Node. */
const timerMsMax = 2 ** 31 - 1

export class MovableClock implements Clock {
  #state: ClockState = { offsetMs: 0 }
  readonly #alarms = new Set<Waiting>()
  readonly #looks: (() => Promise<void>)[] = []
  #timer: NodeJS.Timeout | undefined
  #moves: Promise<unknown> = Promise.resolve()

  get state(): ClockState {
    return this.#state
  }

  now(): number {
    return this.timeIn(this.#state)
  }

  /** Returns the time, and how far it is ahead of real time. */
  read(): { now: number; offsetMs: number } {
    const { offsetMs, frozenAt } = this.#state
    return { now: this.now(), offsetMs: frozenAt === undefined ? offsetMs : frozenAt - Date.now() }
  }

  /** Returns the time that a clock in this state shows now. */
  timeIn({ offsetMs, frozenAt }: ClockState): number {
    return frozenAt ?? Date.now() + offsetMs
  }

  /** Returns the state of a clock that shows this time now. */
  stateAt(time: number, isFrozen: boolean): ClockState {
    const offsetMs = time - Date.now()
    return isFrozen ? { offsetMs, frozenAt: time } : { offsetMs }
  }

  after(ms: number, work: () => void): Alarm {
    const alarm = { at: this.now() + ms, work }
    this.#alarms.add(alarm)
    this.#wind()
    return { cancel: () => this.#alarms.delete(alarm) }
  }

  onMove(look: () => Promise<void>): void {
    this.#looks.push(look)
  }

  /** The time of the next alarm in milliseconds since the epoch. */
  get nextAlarm(): number | undefined {
    return this.#first()?.at
  }

  /** Switches to another state. If that moves time back, the remaining delays of alarms stay the same. */
  show(state: ClockState): void {
    const before = this.now()
    this.#state = state
    const backMs = before - this.now()
    if (backMs > 0) for (const alarm of this.#alarms) alarm.at -= backMs
    this.#wind()
  }

  /** Runs the alarms that are due, in order. */
  ring(): void {
    for (let first = this.#first(); first && first.at <= this.now(); first = this.#first()) {
      this.#alarms.delete(first)
      first.work()
    }
    this.#wind()
  }

  /** Calls all `onMove` listeners and resolves when they are done. */
  async look(): Promise<void> {
    for (const look of this.#looks) await look()
  }

  /** Runs moves one after the other. */
  inTurn<T>(move: () => Promise<T>): Promise<T> {
    const moved = this.#moves.then(move)
    this.#moves = moved.catch(() => {})
    return moved
  }

  #first(): Waiting | undefined {
    let first: Waiting | undefined
    for (const alarm of this.#alarms) if (!first || alarm.at < first.at) first = alarm
    return first
  }

  #wind(): void {
    clearTimeout(this.#timer)
    const first = this.#first()
    if (!first || this.#state.frozenAt !== undefined) return
    const ms = Math.min(Math.max(0, first.at - this.now()), timerMsMax)
    this.#timer = setTimeout(() => this.ring(), ms).unref()
  }
}
