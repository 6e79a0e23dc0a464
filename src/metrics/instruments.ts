// Counts and durations as plain numbers: a request adds to a few of them, a broadcast to one for each socket. They are
// converted to Prometheus' text only on request (decision 17).

/** One value with its labels; `metricName` is set if a histogram has several. */
interface Sample {
  labels: Record<string, string | number>
  value: number
  metricName?: string
}

/** A metric at one moment, as threads exchange it. */
export interface Snapshot {
  /** `chatterie_…`, with its unit as a suffix, and `_total` if it only grows. */
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  values: Sample[]
}

/** The labels of metrics; the number of their values does not grow with users, channels or applications. */
export type Label = 'operation' | 'status' | 'kind' | 'state' | 'result'

export interface Instrument {
  readonly name: string
  snapshot(): Snapshot
}

interface Description {
  name: string
  help: string
  /** In the order in which their values are passed. */
  labels?: readonly Label[]
}

/** Returns the key of label values, which contain no line feed. */
const keyOf = (values: string[]) => (values.length === 1 ? (values[0] as string) : values.join('\n'))

function labelled(names: readonly Label[], key: string): Record<string, string> {
  if (names.length === 0) return {}
  const values = key.split('\n')
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
}

/** A value that only grows, until the process ends. */
export class Counter implements Instrument {
  readonly name: string
  readonly #help: string
  readonly #labels: readonly Label[]
  readonly #values = new Map<string, number>()

  /** @param known label values that are shown as 0 from the start, so that the first increase is visible */
  constructor({ name, help, labels = [] }: Description, known: string[][] = labels.length === 0 ? [[]] : []) {
    this.name = name
    this.#help = help
    this.#labels = labels
    for (const values of known) this.#values.set(keyOf(values), 0)
  }

  add(by: number, ...labels: string[]): void {
    const key = keyOf(labels)
    this.#values.set(key, (this.#values.get(key) ?? 0) + by)
  }

  of(...labels: string[]): number {
    return this.#values.get(keyOf(labels)) ?? 0
  }

  snapshot(): Snapshot {
    const values = [...this.#values].map(([key, value]) => ({ labels: labelled(this.#labels, key), value }))
    return { name: this.name, help: this.#help, type: 'counter', values }
  }
}

interface Distribution {
  /** Counts per bucket, not cumulative; the last bucket is for values larger than all bounds. */
  counts: number[]
  sum: number
}

/** Bounds for durations, in seconds. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A distribution of values: how many observations are at most each of the bounds. */
export class Histogram implements Instrument {
  readonly name: string
  readonly #help: string
  readonly #labels: readonly Label[]
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Distribution>()

  /** @param bounds ascending; defaults to those for durations */
  constructor({ name, help, labels = [] }: Description, bounds: readonly number[] = durations) {
    this.name = name
    this.#help = help
    this.#labels = labels
    this.#bounds = bounds
    if (labels.length === 0) this.#begin('')
  }

  observe(value: number, ...labels: string[]): void {
    const key = keyOf(labels)
    const series = this.#series.get(key) ?? this.#begin(key)
    let at = 0
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at += 1
    series.counts[at] = (series.counts[at] as number) + 1
    series.sum += value
  }

  /** Returns the number of observations. */
  of(...labels: string[]): number {
    return this.#series.get(keyOf(labels))?.counts.reduce((sum, count) => sum + count, 0) ?? 0
  }

  #begin(key: string): Distribution {
    const series = { counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 }
    this.#series.set(key, series)
    return series
  }

  snapshot(): Snapshot {
    const values = [...this.#series].flatMap(([key, { counts, sum }]) => {
      const labels = labelled(this.#labels, key)
      let count = 0
      const buckets = counts.map((more, at) => {
        count += more
        const le = this.#bounds[at] ?? '+Inf'
        return { labels: { ...labels, le }, value: count, metricName: `${this.name}_bucket` }
      })
      return [
        ...buckets,
        { labels, value: sum, metricName: `${this.name}_sum` },
        { labels, value: count, metricName: `${this.name}_count` },
      ]
    })
    return { name: this.name, help: this.#help, type: 'histogram', values }
  }
}

/** A value that is read on request: how much there is of something at that moment. */
export class Reading implements Instrument {
  readonly name: string
  readonly #help: string
  readonly #labels: readonly Label[]
  readonly #type: 'gauge' | 'counter'
  readonly #read: () => Iterable<readonly [value: number, ...labels: string[]]>

  /** @param read returns each value followed by its label values; values that it omits are currently unknown */
  constructor(
    { name, help, labels = [], type = 'gauge' }: Description & { type?: 'gauge' | 'counter' },
    read: () => Iterable<readonly [value: number, ...labels: string[]]>,
  ) {
    this.name = name
    this.#help = help
    this.#labels = labels
    this.#type = type
    this.#read = read
  }

  snapshot(): Snapshot {
    const values = [...this.#read()].map(([value, ...labels]) => ({
      labels: labelled(this.#labels, keyOf(labels)),
      value,
    }))
    return { name: this.name, help: this.#help, type: this.#type, values }
  }
}
