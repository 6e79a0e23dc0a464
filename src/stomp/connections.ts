// The open connections of a server.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#clock/clock.ts'
import { StompConnection } from './connection.ts'
import type { Engine, StompLog, Tally } from './engine.ts'
import { Flusher } from './flusher.ts'
import type { StompHandler } from './handler.ts'
import type { StompLimits } from './limits.ts'
import type { StompRequest, Transport } from './transport.ts'

export interface ConnectionOptions<S> {
  handler: StompHandler<S>
  log: StompLog
  /** Dates errors; heart-beats and deadlines use real time. */
  clock: Pick<Clock, 'now'>
  /** Without it, nothing is counted. */
  tally?: Tally
  limits: StompLimits
  /** Schedules writes to sockets; pass one to share it with a Fanout. */
  flusher?: Flusher
}

export class Connections<S> {
  readonly #engine: Engine<S>
  readonly #open = new Set<StompConnection<S>>()
  readonly #ticks: NodeJS.Timeout
  readonly #over = Promise.withResolvers<void>()
  #cutOff = 0
  #isClosing = false

  constructor({ handler, log, clock, tally, limits, flusher }: ConnectionOptions<S>) {
    this.#engine = {
      handler,
      limits,
      log,
      flusher: flusher ?? new Flusher(),
      tally: tally ?? { received() {}, sent() {}, served() {} },
      clock,
      cutOff: () => {
        this.#cutOff += 1
      },
      over: (connection) => {
        this.#open.delete(connection)
        if (this.#isClosing && this.#open.size === 0) this.#over.resolve()
      },
    }
    this.#ticks = setInterval(() => {
      const now = performance.now()
      for (const connection of this.#open) connection.tick(now)
    }, limits.tickMs).unref()
  }

  get count(): number {
    return this.#open.size
  }

  /** Number of slow readers that were cut off. */
  get cutOff(): number {
    return this.#cutOff
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  readonly open = (transport: Transport, request: StompRequest): StompConnection<S> => {
    const connection = new StompConnection(this.#engine, transport, request)
    this.#open.add(connection)
    if (this.#isClosing) connection.leave()
    return connection
  }

  /** Serves the frames already read and closes. Resolves when all connections are closed, or after 3 × `closeMs`. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#open.size > 0) {
      for (const connection of this.#open) connection.leave()
      // The clock ends connections that do not close by themselves, but a handler may hang forever.
      const patience = new AbortController()
      const { signal } = patience
      const waited = sleep(3 * this.#engine.limits.closeMs, undefined, { signal }).catch(() => undefined)
      await Promise.race([this.#over.promise, waited])
      patience.abort()
    }
    clearInterval(this.#ticks)
  }
}
