import type { AskedNow } from '#data/statistics/buckets.ts'
import { noDurations, stepOf } from '#domain/statistics/durations.ts'

/** Counts applications' requests to this process, until they are saved. */
export class Usage {
  readonly #asked = new Map<number, AskedNow>()

  /** @param status HTTP status of the response */
  note(applicationId: number, ms: number, status: number): void {
    let asked = this.#asked.get(applicationId)
    if (!asked) {
      asked = { applicationId, requests: 0, errors: 0, durations: noDurations() }
      this.#asked.set(applicationId, asked)
    }
    asked.requests += 1
    if (status >= 400) asked.errors += 1
    const step = stepOf(ms)
    asked.durations[step] = (asked.durations[step] ?? 0) + 1
  }

  /** Returns and resets the counts since the last call. */
  take(): AskedNow[] {
    const asked = [...this.#asked.values()]
    this.#asked.clear()
    return asked
  }
}
