// Batches of events are delivered one after the other. What comes alone reaches the last socket sooner where sockets are written
// to as they are told; what has company is cheaper where frames for one socket are gathered.

import type { PublishedEvent } from '#resources/published-event.ts'

/** Where events had company, more are taken to come: those who send wait for the last ones, then theirs are committed. */
const companyMs = 250

export class DeliveryQueue {
  #last: Promise<unknown> = Promise.resolve()
  #companyAt = Number.NEGATIVE_INFINITY
  /** Batches that are not delivered yet. */
  waiting = 0

  /** Runs with nothing being delivered meanwhile. */
  between<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** Delivers events after those before them. @param failed is called with what `deliver` throws, which ends the batch */
  add(
    events: PublishedEvent[],
    deliver: (event: PublishedEvent, isAlone: boolean) => Promise<void>,
    failed: (error: unknown) => void,
  ): Promise<void> {
    this.waiting += 1
    return this.between(async () => {
      try {
        for (const each of events) await deliver(each, this.#isAlone(events))
      } catch (error) {
        failed(error)
      } finally {
        if (this.#hasCompany(events)) this.#companyAt = performance.now()
        this.waiting -= 1
      }
    })
  }

  /** Resolves when all that was added is delivered. */
  async settled(): Promise<void> {
    await this.#last
  }

  #isAlone(events: PublishedEvent[]): boolean {
    return !this.#hasCompany(events) && performance.now() - this.#companyAt > companyMs
  }

  #hasCompany(events: PublishedEvent[]): boolean {
    return this.waiting > 1 || events.length > 1
  }
}
