// Delivers batches of events one after the other. A lone event reaches the last socket sooner if each socket is written
// to at once; several events cost less if the frames for a socket are gathered into one write.

import type { PublishedEvent } from '#resources/published-event.ts'

/** After concurrent events, more are expected for this long: senders wait for one commit, and then commit theirs. */
const companyMs = 250

export class DeliveryQueue {
  #last: Promise<unknown> = Promise.resolve()
  #companyAt = Number.NEGATIVE_INFINITY
  /** Number of batches not yet delivered. */
  waiting = 0

  /** Runs `work` while no event is being delivered. */
  between<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** Delivers events after those added before. @param failed called with an error of `deliver`, which ends the batch */
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

  /** Resolves when all events added so far are delivered. */
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
