// Measures two sides in turns, in short rounds: on a shared machine, disturbances affect both sides alike.

/** Works for about `ms` and returns the throughput per second. */
export type Side = (ms: number) => Promise<number>

export interface Comparison {
  first: number
  second: number
  /** The median of the ratios of each round, first to second. */
  ratio: number
}

export interface Pace {
  rounds: number
  roundMs: number
}

export async function compare(first: Side, second: Side, { rounds, roundMs }: Pace): Promise<Comparison> {
  const pairs: [number, number][] = []
  await first(roundMs) // to warm up
  await second(roundMs)
  for (let round = 0; round < rounds; round++) {
    pairs.push([await first(roundMs), await second(roundMs)])
  }
  return {
    first: median(pairs.map(([a]) => a)),
    second: median(pairs.map(([, b]) => b)),
    ratio: median(pairs.map(([a, b]) => a / b)),
  }
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Returns the given percentile of numbers. */
export function percentile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Returns a side whose throughput includes the time until its deferred work is done. */
export function until(done: () => Promise<void>, work: (ms: number) => Promise<number>): Side {
  return async (ms) => {
    const begin = performance.now()
    const much = await work(ms)
    await done()
    return (much / (performance.now() - begin)) * 1000
  }
}
