import type { Context } from '#context.ts'
import { dispatchEvents } from '#domain/events/dispatch-events.ts'
import { forgetEvents } from '#domain/events/replay-events.ts'
import { notifyMembers } from '#domain/notifications/notify-members.ts'
import { Drain } from '#jobs/drain.ts'
import type { CommittedEvent } from '#resources/events.ts'

/** How often rows are looked for whose process died before it told them. */
const sweepMs = 1_000
const forgetMs = 10_000

/** What processes tell each other when there are events to take; the leader takes them. */
const wake = JSON.stringify({ kind: 'wake' })

/**
 * Takes events as they commit, hands them to whoever tells them, and tells the members of channels of what they
 * missed. One process at a time leads: there is one order in which events are told.
 */
export class Dispatcher {
  readonly #ctx: Context
  readonly #events: Drain
  readonly #notifications: Drain
  readonly #forgetting: Drain

  /**
   * @param tell resolves when the next batch may come
   * @param runFunctions is called when there are functions to run
   */
  constructor(ctx: Context, tell: (events: CommittedEvent[]) => Promise<void>, runFunctions: () => void) {
    this.#ctx = ctx
    this.#notifications = new Drain(ctx.log, sweepMs, async () => {
      const { more, told, asked } = await notifyMembers(ctx)
      if (told) this.#signal()
      if (asked) runFunctions()
      return more
    })
    this.#events = new Drain(ctx.log, sweepMs, async () => {
      if (!(await ctx.node.tryToLead())) return false
      const { events, toNotify, asked, more } = await dispatchEvents(ctx)
      if (asked) runFunctions()
      await tell(events)
      if (toNotify) this.#notifications.signal()
      return more
    })
    this.#forgetting = new Drain(
      ctx.log,
      forgetMs,
      async () => ctx.node.isLeader && (await forgetEvents(ctx)) > 0,
    )
  }

  start(): void {
    this.#ctx.db.onEvents(() => this.#signal())
    this.#ctx.bus.onMessage((message) => {
      if (message === wake && this.#ctx.node.isLeader) this.#events.signal()
    })
    this.#events.start()
    this.#notifications.start()
    this.#forgetting.start()
  }

  /** Resolves when the batches at hand are done. */
  async stop(): Promise<void> {
    await Promise.all([this.#events.stop(), this.#notifications.stop(), this.#forgetting.stop()])
  }

  #signal(): void {
    if (!this.#ctx.node.isLeader && this.#ctx.bus.isShared) void this.#ctx.bus.publish(wake)
    else this.#events.signal()
  }
}
