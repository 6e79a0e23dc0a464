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

/** Counts the frames of connections. */
export interface Tally {
  /** A valid frame was received. */
  received(command: string): void
  /** A frame was sent. */
  sent(command: string): void
  /** A frame was served or refused, in `ms` milliseconds. */
  served(command: string, ms: number): void
}

/** The parts that all connections of a server share. */
export interface Engine<S> {
  handler: StompHandler<S>
  limits: StompLimits
  log: StompLog
  flusher: Flusher
  tally: Tally
  /** Dates errors. */
  clock: Pick<Clock, 'now'>
  /** Called when a slow reader is cut off. */
  cutOff(): void
  /** Called when a connection has ended and the handler is notified. */
  over(connection: StompConnection<S>): void
}
