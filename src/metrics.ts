// What is counted while the process runs, for its operator.

/** What can be counted; each is said in the log, too, with the ids that it is about. */
export type Counted =
  /** Events that could not be taken, or presented, and that nobody got in full. */
  | 'events set aside'
  /** Messages of which no notifications were written. */
  | 'notifications set aside'
  /** Runs of functions that were given up without an outcome. */
  | 'function runs set aside'
  /** Sessions that were closed because an event could not be delivered to them. */
  | 'sessions closed'
  /** What other processes broadcast that could not be read. */
  | 'signals unreadable'

export class Metrics {
  readonly #counts = new Map<Counted, number>()

  count(what: Counted, by = 1): void {
    this.#counts.set(what, this.of(what) + by)
  }

  of(what: Counted): number {
    return this.#counts.get(what) ?? 0
  }
}
