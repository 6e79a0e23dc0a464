// The interface of memory.ts and redis.ts: connects the processes of one installation. Lost signals can be recovered
// from the database, so the bus need not deliver all of them, but must report every loss.
import type { BaseLogger } from 'pino'
import type { Signal } from '#resources/signals.ts'

export type Logger = Pick<BaseLogger, 'info' | 'warn' | 'error'>

export interface Bus {
  /** Whether it can reach other processes. */
  readonly isShared: boolean
  /** Whether signals currently reach the other processes and theirs reach this one; true if there are no others. */
  isConnected(): boolean
  /** Why the others cannot be reached until the settings are changed, here or there; undefined if waiting may help. */
  refusal(): string | undefined
  /**
   * Broadcasts once to every process, including this one; signals of one process arrive in order. Resolves when the
   * signal is handed over. Never rejects: if the others cannot be reached, this process still receives the signal and
   * the others are told later that they missed something. Does nothing once the bus is closed.
   */
  publish(signal: Signal): Promise<void>
  /** Called for each signal of any process, never from within `publish`. Signals of an unknown kind are ignored. */
  onSignal(listener: (signal: Signal) => void): void
  /** Called for each malformed signal of another process, with its length in characters. */
  onUnreadable(listener: (characters: number) => void): void
  /**
   * Called when signals of others may have been missed: this process has connected or reconnected, or another process
   * could not publish for a while.
   */
  onGap(listener: () => void): void
  /** Stops all deliveries. */
  close(): Promise<void>
}
