// The server's clock, which all worlds of a server share (testing contract 3).
import type { TestApiClient } from './http.ts'

/** A moment: ISO 8601, or milliseconds since the epoch. */
export type Moment = Date | string | number

export interface ClockState {
  now: Date
  /** Whether it stands still. */
  frozen: boolean
  /** By how much it is ahead of real time. */
  offsetMs: number
}

/** How far, forwards; parts add up. */
export interface Span {
  ms?: number
  seconds?: number
  minutes?: number
  hours?: number
  days?: number
}

/**
 * Moves everything that counts time: timestamps, lives of tokens, presence, typing time-outs, scheduled jobs. Heart-beats
 * of sockets stay real.
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

  /** Goes on from there, or stands there where it is frozen. The past is allowed. */
  async set(now: Moment): Promise<ClockState> {
    return this.#put({ now: isoOf(now) })
  }

  /** Stands still, at that moment or where it is. */
  async freeze(now?: Moment): Promise<ClockState> {
    return this.#put({ frozen: true, ...(now !== undefined && { now: isoOf(now) }) })
  }

  /** Goes on from where it stands. */
  async resume(): Promise<ClockState> {
    return this.#put({ frozen: false })
  }

  /** Resolves when everything that has become due has happened. */
  async advance(span: Span): Promise<ClockState> {
    return stateOf(await this.#client.ask('POST', '/clock/advance', { json: span }))
  }

  /** Real time again. */
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
  if (Number.isNaN(date.getTime())) throw new TypeError(`${String(moment)} is no moment in time`)
  return date.toISOString()
}
