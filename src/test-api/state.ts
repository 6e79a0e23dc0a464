// What the test API keeps in memory of each world, beside what the database has: who adds to it (faults, the journal,
// actors) says here what becomes of it when the world starts anew.
import type { Strictness } from '#resources/worlds/world.ts'

/** What becomes of a world: it is removed, as it was right after its creation, or as a snapshot has it. */
type Change = 'removed' | 'reset' | 'restored'

/**
 * Drops what is kept of a world, by the id of its application. It is called before the world changes, while nobody has
 * seen anything of that, and again afterwards, for what came between; both are awaited before the request is answered.
 */
type Forget = (applicationId: number, change: Change) => void | Promise<void>

export class TestApi {
  readonly #strict = new Set<number>()
  readonly #forgetters: Forget[] = []

  /** Whether a world is refused unknown fields. */
  isStrict(applicationId: number): boolean {
    return this.#strict.has(applicationId)
  }

  judge(applicationId: number, strictness: Strictness): void {
    if (strictness === 'strict') this.#strict.add(applicationId)
    else this.#strict.delete(applicationId)
  }

  /** To be called once by each part that keeps something of worlds, when it is registered. */
  onForget(forget: Forget): void {
    this.#forgetters.push(forget)
  }

  async forget(applicationId: number, change: Change): Promise<void> {
    if (change === 'removed') this.#strict.delete(applicationId)
    for (const forget of this.#forgetters) await forget(applicationId, change)
  }
}
