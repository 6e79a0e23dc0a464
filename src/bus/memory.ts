// The bus of a process that runs alone.
import type { Bus, Logger } from '#bus/bus.ts'
import { readSignal, type Signal } from '#resources/signals.ts'

/** Opens a bus that reaches only this process and loses nothing. */
export function openMemoryBus(log: Logger): MemoryBus {
  return new MemoryBus(log)
}

export class MemoryBus implements Bus {
  readonly isShared = false
  readonly #log: Logger
  readonly #listeners: ((signal: Signal) => void)[] = []
  readonly #unreadableListeners: ((characters: number) => void)[] = []
  #state: 'open' | 'closed' = 'open'

  constructor(log: Logger) {
    this.#log = log
  }

  isConnected(): boolean {
    return true
  }

  refusal(): undefined {}

  async publish(signal: Signal): Promise<void> {
    this.#call(this.#listeners, signal)
  }

  /** Delivers a signal from another process. */
  receive(text: string): void {
    let signal: Signal | undefined
    try {
      signal = readSignal(text)
    } catch {
      this.#call(this.#unreadableListeners, text.length)
      return
    }
    if (signal) this.#call(this.#listeners, signal)
  }

  onSignal(listener: (signal: Signal) => void): void {
    this.#listeners.push(listener)
  }

  onUnreadable(listener: (characters: number) => void): void {
    this.#unreadableListeners.push(listener)
  }

  onGap(): void {}

  async close(): Promise<void> {
    this.#state = 'closed'
  }

  #call<T>(listeners: ((value: T) => void)[], value: T): void {
    // Not a microtask: listeners that publish in turn would starve the event loop.
    setImmediate(() => {
      if (this.#state === 'closed') return
      for (const listener of listeners) callSafely(() => listener(value), this.#log)
    })
  }
}

/** Logs what a listener throws, so that the other listeners are still called. */
export function callSafely(call: () => void, log: Logger): void {
  try {
    call()
  } catch (error) {
    log.error({ err: error }, 'a listener of the bus failed')
  }
}
