import type { Context } from '#context.ts'
import { clearedMin, clearOutbox } from '#domain/events/clear-outbox.ts'
import { dispatchBatchMax, dispatchEvents } from '#domain/events/dispatch-events.ts'
import { forgetEvents } from '#domain/events/forget-events.ts'
import { nextEvent } from '#domain/events/next-event.ts'
import { setEventAside } from '#domain/events/set-event-aside.ts'
import { nextTask } from '#domain/notifications/next-task.ts'
import { notifyMembers, tasksMax } from '#domain/notifications/notify-members.ts'
import { setTaskAside } from '#domain/notifications/set-task-aside.ts'
import { Batches } from '#jobs/batches.ts'
import { Drain } from '#jobs/drain.ts'
import type { CommittedEvent } from '#resources/events.ts'

/** Interval of the check for rows whose process died before they were published. */
const sweepMs = 1_000
const forgetMs = 10_000

/** What the dispatcher calls. */
interface DispatcherHooks {
  /** Resolves when the next batch may come. */
  publish(events: CommittedEvent[]): Promise<void>
  /** Called when events may have been taken that were not published, because the database's answer was lost. */
  publishMissed(): void
  /** Returns whether anyone is connected to this process. */
  isListened(): boolean
  /** Called when functions have to run. */
  runFunctions(): void
  /** Called when webhook deliveries are due. */
  deliverToWebhooks(): void
}

/**
 * Takes events as they are committed, passes them to the publisher, and notifies channel members of what they missed.
 * Only one process leads at a time, so that events are published in one order.
 */
export class Dispatcher {
  readonly #ctx: Context
  readonly #events: Drain
  readonly #notifications: Drain
  readonly #forgetting: Drain
  readonly #clearing: Drain
  /** Number of taken events that have not been cleared from the outbox. */
  #uncleared = 0
  /** Whether events may have been taken without this process knowing them. */
  #mayHaveMissed = false
  /** Whether the last events were delivered or triggered anything. */
  #hadEffect = true

  constructor(ctx: Context, hooks: DispatcherHooks) {
    const { publish, publishMissed, isListened, runFunctions, deliverToWebhooks } = hooks
    this.#ctx = ctx
    const notifying = new Batches({
      max: tasksMax,
      take: (limit, only) => notifyMembers(ctx, limit, only),
      first: () => nextTask(ctx),
      setAside: (id, error) => setTaskAside(ctx, id, error),
    })
    this.#notifications = new Drain(ctx.log, sweepMs, async () => {
      const { more, hasPublished, asked } = await notifying.next()
      if (hasPublished) this.#signal()
      if (asked) runFunctions()
      return more
    })
    const taking = new Batches({
      max: dispatchBatchMax,
      async take(limit, only) {
        const taken = await dispatchEvents(ctx, { limit, only })
        return { ...taken, more: taken !== undefined && taken.taken >= limit }
      },
      first: () => nextEvent(ctx),
      setAside: async (id, error) => ({ ...(await setEventAside(ctx, id, error)), more: true }),
    })
    const take = async () => {
      if (!ctx.node.isLeader) return false
      const batch = await taking.next().catch((error) => {
        this.#mayHaveMissed = true
        throw error
      })
      // This batch has waited for the commit of that whose answer was lost.
      if (this.#mayHaveMissed) publishMissed()
      this.#mayHaveMissed = false
      const { taken = 0, events = [], tasks = 0, asked = 0, sent = 0, more } = batch
      this.#uncleared += taken
      this.#hadEffect = events.length + tasks + asked + sent > 0
      if (asked > 0) runFunctions()
      if (sent > 0) deliverToWebhooks()
      await publish(events)
      if (tasks > 0) this.#notifications.signal()
      return more
    }
    const isAwaited = () => this.#hadEffect || ctx.bus.isShared || isListened()
    this.#events = new Drain(ctx.log, sweepMs, take, isAwaited)
    this.#forgetting = new Drain(
      ctx.log,
      forgetMs,
      async () => ctx.node.isLeader && (await forgetEvents(ctx)) > 0,
    )
    this.#clearing = new Drain(ctx.log, sweepMs, async () => {
      if (this.#uncleared < clearedMin) return false
      this.#uncleared = 0
      await clearOutbox(ctx)
      return false
    })
  }

  start(): void {
    this.#ctx.db.onEvents(() => this.#signal())
    this.#ctx.node.onLead(() => this.#events.signal())
    this.#ctx.bus.onSignal(({ kind }) => {
      if (kind === 'events written' && this.#ctx.node.isLeader) this.#events.signal()
      if (kind === 'lead released') void this.#ctx.node.tryToLead()
    })
    this.#events.start()
    this.#notifications.start()
    this.#forgetting.start()
    this.#clearing.start()
  }

  /** Resolves when everything written so far is published and expired events are deleted. */
  async look(): Promise<void> {
    await this.#events.look()
    await Promise.all([this.#notifications.look(), this.#forgetting.look()])
  }

  /** Resolves when current batches are done and another process may lead. */
  async stop(): Promise<void> {
    const { node, bus } = this.#ctx
    const all = [this.#events, this.#notifications, this.#forgetting, this.#clearing]
    await Promise.all(all.map((each) => each.stop()))
    const hasLed = node.isLeader
    await node.resign()
    if (hasLed && bus.isShared) await bus.publish({ kind: 'lead released' })
  }

  #signal(): void {
    const { node, bus } = this.#ctx
    if (!node.isLeader && bus.isShared) void bus.publish({ kind: 'events written' })
    else this.#events.signal()
  }
}
