// What GET /metrics says, as numbers.
import { expect } from 'vitest'

export interface Exposed {
  /** The first value of a metric whose labels say this; undefined where it is not there. */
  value(name: string, labels?: Record<string, string>): number | undefined
  /** Those of all values that there may be, also of a histogram that is empty yet. */
  names: Set<string>
  /** Each metric with the labels that its values have. */
  labels: Map<string, Set<string>>
  text: string
}

const line = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/i

/** Asks a server, which must answer, and reads every line. */
export async function metricsOf(url: string, headers: Record<string, string> = {}): Promise<Exposed> {
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
