// Parses GET /metrics.
import { expect } from 'vitest'

export interface ExposedMetrics {
  /** Returns the first value of a metric that has these labels; undefined if there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined
  /** Names of all possible values, including those of empty histograms. */
  names: Set<string>
  /** The label names of each metric's values. */
  labels: Map<string, Set<string>>
  text: string
}

const line = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/i

/** Requests the metrics of a server, and parses every line. Fails if the server does not answer with 200. */
export async function readMetrics(
  url: string,
  headers: Record<string, string> = {},
): Promise<ExposedMetrics> {
  const answer = await fetch(`${url}/metrics`, { headers })
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  const samples = text
    .split('\n')
    .filter((each) => each !== '' && !each.startsWith('#'))
    .map((each) => {
      const [, name = '', labels = '', value] = line.exec(each) ?? expect.fail(`No sample: ${each}`)
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(
        ([, key = '', of = '']) => [key, of] as const,
      )
      return { name, labels: new Map(pairs), value: Number(value?.replace('Inf', 'Infinity')) }
    })
  const labels = new Map<string, Set<string>>()
  for (const sample of samples) {
    const known = labels.get(sample.name) ?? new Set()
    labels.set(sample.name, new Set([...known, ...sample.labels.keys()]))
  }
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  const names = types.flatMap(([, name = '', type]) =>
    type === 'histogram' || type === 'summary'
      ? ['_bucket', '_sum', '_count'].map((end) => name + end)
      : [name],
  )
  return {
    text,
    names: new Set(names),
    labels,
    value: (name, wanted = {}) =>
      samples.find(
        (sample) =>
          sample.name === name &&
          Object.entries(wanted).every(([key, value]) => sample.labels.get(key) === value),
      )?.value,
  }
}
