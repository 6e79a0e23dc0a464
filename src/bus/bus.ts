// How the processes of one installation reach each other: the seam between memory.ts and redis.ts. What the bus loses
// is still in the database, so it owes a hint of every loss, not the delivery.
import type { BaseLogger } from 'pino'
import type { Signal } from '#resources/signals.ts'

export type Logger = Pick<BaseLogger, 'info' | 'warn' | 'error'>

export interface Bus {
  /** Whether other processes can be reached through it. */
  readonly isShared: boolean
  /** Whether what is published now reaches the other processes, and theirs this one; true where there are none. */
  isConnected(): boolean
  /**
   * Broadcasts to every process, this one included, once; what one process publishes arrives in its order. Resolves
   * when handed over. Never rejects: while the others cannot be reached, this process hears it all the same, and the
   * others learn afterwards that they missed something. After the bus was closed it does nothing.
   */
  publish(signal: Signal): Promise<void>
  /** Called for each signal of any process, never from within `publish`. Signals of an unknown kind are ignored. */
  onSignal(listener: (signal: Signal) => void): void
  /** Called for each signal of another process that is malformed, with its length in characters. */
  onUnreadable(listener: (characters: number) => void): void
  /**
   * Called when signals of others may have been missed: this process was connected, at first or again, or another one
   * could not publish for a while.
   */
  onGap(listener: () => void): void
  /** From then on nothing is delivered. */
  close(): Promise<void>
}
