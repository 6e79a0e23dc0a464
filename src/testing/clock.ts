// The server's clock, which all worlds of a server share (testing contract 3).
import type { TestApiClient } from './http.ts'

/** ISO 8601, or milliseconds since the epoch. */
export type Moment = Date | string | number

export interface ClockState {
  now: Date
  /** Whether the clock is stopped. */
  frozen: boolean
  /** How far the clock is ahead of real time. */
  offsetMs: number
}

/** How far to advance; the parts are added. */
export interface Span {
  ms?: number
  seconds?: number
  minutes?: number
  hours?: number
  days?: number
}

/**
 * Controls everything that depends on time: timestamps, lifetimes of tokens, presence, typing timeouts, scheduled jobs.
 * Socket heart-beats stay in real time.
 */
export class Clock {
  readonly #client: TestApiClient

  constructor(client: TestApiClient) {
    this.#client = client
  }

  async state(): Promise<ClockState> {
    return stateOf(await this.#client.ask('GET', '/clock'))
  }

  async now(): Promise<Date> {
    return (await this.state()).now
  }

  /** Sets the clock, which then runs on, or stays there if it is frozen. The past is allowed. */
  async set(now: Moment): Promise<ClockState> {
    return this.#put({ now: isoOf(now) })
  }

  /** Stops the clock at the given moment, or at the current one. */
  async freeze(now?: Moment): Promise<ClockState> {
    return this.#put({ frozen: true, ...(now !== undefined && { now: isoOf(now) }) })
  }

  /** Lets a frozen clock run again from where it stopped. */
  async resume(): Promise<ClockState> {
    return this.#put({ frozen: false })
  }

  /** Advances the clock. Resolves when everything that becomes due has happened. */
  async advance(span: Span): Promise<ClockState> {
    return stateOf(await this.#client.ask('POST', '/clock/advance', { json: span }))
  }

  /** Returns to real time. */
  async release(): Promise<void> {
    await this.#client.ask('DELETE', '/clock')
  }

  async #put(change: { now?: string; frozen?: boolean }): Promise<ClockState> {
    return stateOf(await this.#client.ask('PUT', '/clock', { json: change }))
  }
}

function stateOf({ now, ...rest }: { now: string; frozen: boolean; offsetMs: number }): ClockState {
  return { ...rest, now: new Date(now) }
}

function isoOf(moment: Moment): string {
  const date = new Date(moment)
  if (Number.isNaN(date.getTime())) throw new TypeError(`${String(moment)} is not a time`)
  return date.toISOString()
}
