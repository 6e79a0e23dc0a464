// The bus of a process that is alone.
import type { Bus, Logger } from '#bus/bus.ts'

/** A bus that reaches this process only, and misses nothing. */
export function openMemoryBus(log: Logger): Bus {
  return new MemoryBus(log)
}

export class MemoryBus implements Bus {
  readonly isShared = false
  readonly #log: Logger
  readonly #listeners: ((message: string) => void)[] = []
  #state: 'open' | 'closed' = 'open'

  constructor(log: Logger) {
    this.#log = log
  }

  isConnected(): boolean {
    return true
  }

  async publish(message: string): Promise<void> {
    // Not a microtask: listeners that publish in turn would keep the process from everything else.
    setImmediate(() => this.#deliver(message))
  }

  onMessage(listener: (message: string) => void): void {
    this.#listeners.push(listener)
  }

  onGap(): void {}

  async close(): Promise<void> {
    this.#state = 'closed'
  }

  #deliver(message: string): void {
    if (this.#state === 'closed') return
    for (const listener of this.#listeners) callSafely(() => listener(message), this.#log)
  }
}

/** What one listener throws is reported, and keeps nothing from the others. */
export function callSafely(call: () => void, log: Logger): void {
  try {
    call()
  } catch (error) {
    log.error({ err: error }, 'a listener of the bus failed')
  }
}
