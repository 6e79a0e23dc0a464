// What GET /metrics says, as numbers.
import { expect } from 'vitest'

export interface Exposed {
  /** The first value of a metric whose labels say this; undefined where it is not there. */
  value(name: string, labels?: Record<string, string>): number | undefined
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
  return {
    text,
    labels,
    value: (name, wanted = {}) =>
      samples.find(
        (sample) =>
          sample.name === name &&
          Object.entries(wanted).every(([key, value]) => sample.labels.get(key) === value),
      )?.value,
  }
}
