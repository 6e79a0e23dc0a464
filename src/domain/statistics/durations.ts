// How long requests took, in counts by a scale: those of several processes and hours are added up.

/** Of the first count: what took up to so many milliseconds. Each further one goes to the square root of two times as much. */
const firstMs = 0.25
const factor = Math.SQRT2
/** The last one takes what took longer: 11.6 s and more. */
const steps = 32

export const noDurations = (): number[] => new Array(steps + 1).fill(0)

/** Where a duration is counted. */
export function stepOf(ms: number): number {
  if (ms <= firstMs) return 0
  return Math.min(steps, Math.ceil(Math.log(ms / firstMs) / Math.log(factor)))
}

export function addDurations(one: number[], other: number[]): number[] {
  return one.map((count, at) => count + (other[at] ?? 0))
}

/**
 * What a part of all took at most, in milliseconds: within its step in proportion, so at most 41 % off.
 * @param part between 0 and 1
 * @returns undefined where there are none
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
