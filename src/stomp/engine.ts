import type { Clock } from '#clock/clock.ts'
import type { StompConnection } from './connection.ts'
import type { Flusher } from './flusher.ts'
import type { StompHandler } from './handler.ts'
import type { StompLimits } from './limits.ts'

export interface StompLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Counts what connections do. */
export interface Tally {
  /** A frame was read, and is one that its client may send. */
  received(command: string): void
  /** A frame is on its way. */
  sent(command: string): void
  /** What a frame asked for is done, or was refused. */
  served(command: string, ms: number): void
}

/** What all connections of a server share. */
export interface Engine<S> {
  handler: StompHandler<S>
  limits: StompLimits
  log: StompLog
  flusher: Flusher
  tally: Tally
  /** Dates the errors. */
  clock: Pick<Clock, 'now'>
  /** A slow reader was cut off. */
  cutOff(): void
  /** A connection is over, its handler notified. */
  over(connection: StompConnection<S>): void
}
