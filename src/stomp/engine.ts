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

/** What all connections of a server share. */
export interface Engine<S> {
  handler: StompHandler<S>
  limits: StompLimits
  log: StompLog
  flusher: Flusher
  /** Dates the errors. */
  clock: Pick<Clock, 'now'>
  /** A slow reader was cut off. */
  cutOff(): void
  /** A connection is over, its handler notified. */
  over(connection: StompConnection<S>): void
}
