// How the processes of one installation tell each other things: the seam between memory.ts and redis.ts. What the bus
// loses is still in the database, so it owes a hint of every loss, not the delivery.
import type { BaseLogger } from 'pino'

export type Logger = Pick<BaseLogger, 'info' | 'warn' | 'error'>

export interface Bus {
  /** Whether other processes can be reached through it. */
  readonly isShared: boolean
  /** Whether what is published now reaches the other processes, and theirs this one; true where there are none. */
  isConnected(): boolean
  /**
   * Tells every process, this one included, once; what one process publishes arrives in its order. Resolves when handed
   * over. Never rejects: while the others cannot be reached, this process is told all the same, and the others learn
   * afterwards that they missed something. After the bus was closed it does nothing.
   */
  publish(message: string): Promise<void>
  /** Called for each message of any process, never from within `publish`. */
  onMessage(listener: (message: string) => void): void
  /**
   * Called when messages of others may have been missed: this process was connected, at first or again, or another one
   * could not publish for a while.
   */
  onGap(listener: () => void): void
  /** From then on nothing is told. */
  close(): Promise<void>
}
