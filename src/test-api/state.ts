// What the test API keeps in memory of each world, beside what the database has: who adds to it (faults, the journal,
// actors) says here what becomes of it when the world starts anew.
import type { Clock } from '#clock/clock.ts'
import type { Outcome } from '#context.ts'
import type { Strictness } from '#resources/worlds/world.ts'
import { Actors } from '#test-api/actors/kept.ts'
import { Faults } from '#test-api/faults/kept.ts'
import { type ObservedRun, observeRun } from '#test-api/functions/observe-run.ts'
import { Journals, type Kind } from '#test-api/journal/kept.ts'
import { Coverages } from '#test-api/usage/kept.ts'
import { DeliveryWatch, type WatchedDelivery } from '#test-api/webhooks/watch-delivery.ts'

/** What becomes of a world: it is removed, as it was right after its creation, or as a snapshot has it. */
type Change = 'removed' | 'reset' | 'restored'

/**
 * Drops what is kept of a world, by the id of its application. It is called before the world changes, while nobody has
 * seen anything of that, and again afterwards, for what came between; both are awaited before the request is answered.
 */
type Forget = (applicationId: number, change: Change) => void | Promise<void>

export class TestApi {
  readonly faults = new Faults()
  readonly journals = new Journals()
  readonly coverage = new Coverages()
  readonly actors = new Actors()
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

  /** Whether an application is a world, of which something may be kept. */
  isWorld(applicationId: number): boolean {
    return this.#worlds.has(applicationId)
  }

  /** Whether a world is refused unknown fields. */
  isStrict(applicationId: number): boolean {
    return this.#worlds.get(applicationId) === 'strict'
  }

  judge(applicationId: number, strictness: Strictness): void {
    this.#worlds.set(applicationId, strictness)
  }

  /**
   * Adds to the journal of a world.
   * @param at in milliseconds since the epoch
   */
  note(worldId: number, at: number, facts: { kind: Kind; [fact: string]: unknown }): void {
    if (this.isWorld(worldId)) this.journals.add(worldId, at, facts)
  }

  /** Runs a function, unless it is to fail, and notes what became of it (testing contract 4 and 5). */
  aroundRun(clock: Pick<Clock, 'now'>, run: ObservedRun, work: () => Promise<Outcome>): Promise<Outcome> {
    return this.isWorld(run.applicationId) ? observeRun(this, clock, run, work) : work()
  }

  /** Looks on while something is delivered to a webhook of a world, and upsets that (testing contract 4 and 5); undefined for others. */
  watchDelivery(
    clock: Clock,
    delivery: WatchedDelivery,
    hold: ConstructorParameters<typeof DeliveryWatch>[3],
  ): DeliveryWatch | undefined {
    const isWatched = this.isWorld(delivery.applicationId)
    return isWatched ? new DeliveryWatch(this, clock, delivery, hold) : undefined
  }

  /** To be called once by each part that keeps something of worlds, when it is registered. */
  onForget(forget: Forget): void {
    this.#forgetters.push(forget)
  }

  async forget(applicationId: number, change: Change): Promise<void> {
    if (change === 'removed') this.#worlds.delete(applicationId)
    for (const forget of this.#forgetters) await forget(applicationId, change)
  }
}
