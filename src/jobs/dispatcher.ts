import type { Context } from '#context.ts'
import { dispatchEvents } from '#domain/events/dispatch-events.ts'
import { notifyMembers } from '#domain/notifications/notify-members.ts'
import { Drain } from '#jobs/drain.ts'

/** How often rows are looked for whose process died before it told them. */
const sweepMs = 1_000

/** Takes events as they commit, and tells the members of channels of what they missed. */
export class Dispatcher {
  readonly #ctx: Context
  readonly #events: Drain
  readonly #notifications: Drain

  constructor(ctx: Context) {
    this.#ctx = ctx
    this.#notifications = new Drain(ctx.log, sweepMs, () => notifyMembers(ctx))
    this.#events = new Drain(ctx.log, sweepMs, async () => {
      const more = await dispatchEvents(ctx)
      this.#notifications.signal()
      return more
    })
  }

  start(): void {
    this.#ctx.db.onEvents(() => this.#events.signal())
    this.#events.start()
    this.#notifications.start()
  }

  /** Resolves when the batches at hand are done. */
  async stop(): Promise<void> {
    await Promise.all([this.#events.stop(), this.#notifications.stop()])
  }
}
