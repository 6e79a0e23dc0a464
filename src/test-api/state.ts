// What the test API keeps in memory for each world, besides the rows in the database. A part that adds to this (faults,
// the journal, actors) registers here what happens to its state when the world is reset.
import type { Clock } from '#clock/clock.ts'
import type { Outcome } from '#context.ts'
import type { Strictness } from '#resources/worlds/world.ts'
import { Actors } from '#test-api/actors/kept.ts'
import { Faults } from '#test-api/faults/kept.ts'
import { type ObservedRun, observeRun } from '#test-api/functions/observe-run.ts'
import type { Facts } from '#test-api/journal/fields.ts'
import { Journals } from '#test-api/journal/kept.ts'
import { Coverages } from '#test-api/usage/kept.ts'
import { DeliveryWatch, type WatchedDelivery } from '#test-api/webhooks/watch-delivery.ts'

/** A world is removed, reset to its state after creation, or restored from a snapshot. */
type Change = 'removed' | 'reset' | 'restored'

/**
 * Drops the state kept for a world, by the id of its application. Called before the world changes, while the change is
 * not visible yet, and again afterwards, for what was added in between; both calls are awaited before the answer.
 */
type Forget = (applicationId: number, change: Change) => void | Promise<void>

export class TestApi {
  readonly faults = new Faults()
  readonly journals = new Journals()
  readonly coverage = new Coverages()
  readonly actors = new Actors()
  /** Resolves when the events that a world has so far are in its journal. Set where events are published. */
  whenNoted: (worldId: number) => Promise<void> = async () => {}
  readonly #worlds = new Map<number, Strictness>()
  readonly #forgetters: Forget[] = []

  constructor() {
    this.onForget((id, change) => {
      if (change === 'removed') {
        this.journals.remove(id)
        this.coverage.remove(id)
      }
      if (change === 'reset') this.journals.restart(id)
      if (change !== 'restored') this.faults.forget(id)
      this.actors.forget(id)
    })
  }

  /** Returns whether an application is a world, for which state may be kept. */
  isWorld(applicationId: number): boolean {
    return this.#worlds.has(applicationId)
  }

  /** Returns whether a world refuses unknown fields. */
  isStrict(applicationId: number): boolean {
    return this.#worlds.get(applicationId) === 'strict'
  }

  /** Registers an application as a world. @param strictness how it treats unknown fields */
  setStrictness(applicationId: number, strictness: Strictness): void {
    this.#worlds.set(applicationId, strictness)
  }

  /**
   * Adds an entry to the journal of a world.
   * @param at in milliseconds since the epoch
   */
  note(worldId: number, at: number, facts: Facts): void {
    if (this.isWorld(worldId)) this.journals.add(worldId, at, facts)
  }

  /** Runs a function, unless a fault makes it fail, and records the outcome (testing contracts 4 and 5). */
  aroundRun(clock: Pick<Clock, 'now'>, run: ObservedRun, work: () => Promise<Outcome>): Promise<Outcome> {
    return this.isWorld(run.applicationId) ? observeRun(this, clock, run, work) : work()
  }

  /** Returns a watch that observes a delivery to a world's webhook and applies faults; undefined outside worlds. */
  watchDelivery(
    clock: Clock,
    delivery: WatchedDelivery,
    hold: ConstructorParameters<typeof DeliveryWatch>[3],
  ): DeliveryWatch | undefined {
    const isWatched = this.isWorld(delivery.applicationId)
    return isWatched ? new DeliveryWatch(this, clock, delivery, hold) : undefined
  }

  /** Registers a callback; call this once for each part that keeps state of worlds, when the part is registered. */
  onForget(forget: Forget): void {
    this.#forgetters.push(forget)
  }

  async forget(applicationId: number, change: Change): Promise<void> {
    if (change === 'removed') this.#worlds.delete(applicationId)
    for (const forget of this.#forgetters) await forget(applicationId, change)
  }
}
