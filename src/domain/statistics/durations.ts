// Durations of requests as histograms, which can be added up over processes and hours.

/** The upper bound of the first step in milliseconds; each further one is larger by the factor. */
const firstMs = 0.25
const factor = Math.SQRT2
/** The last step counts everything longer: 11.6 s and more. */
const steps = 32

export const noDurations = (): number[] => new Array(steps + 1).fill(0)

/** Returns the step that a duration belongs to. */
export function stepOf(ms: number): number {
  if (ms <= firstMs) return 0
  return Math.min(steps, Math.ceil(Math.log(ms / firstMs) / Math.log(factor)))
}

export function addDurations(one: number[], other: number[]): number[] {
  return one.map((count, at) => count + (other[at] ?? 0))
}

/**
 * Returns the given quantile in milliseconds, interpolated within its step, so at most 41 % off.
 * @param part between 0 and 1
 * @returns undefined if there are no durations
 */
export function quantile(counts: number[], part: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let left = part * total
  for (const [at, count] of counts.entries()) {
    if (count > 0 && left <= count) {
      const from = at === 0 ? 0 : firstMs * factor ** (at - 1)
      const to = firstMs * factor ** at
      return Math.round((from + (to - from) * (left / count)) * 100) / 100
    }
    left -= count
  }
  return firstMs * factor ** steps
}
