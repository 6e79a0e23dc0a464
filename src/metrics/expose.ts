// Exposes the metrics to Prometheus. Its library is loaded on the first request, which takes 70 ms.
import type { Metric, Registry } from 'prom-client'
import type { Metrics } from '#metrics/metrics.ts'

export interface Exposition {
  contentType: string
  text: string
}

type Library = typeof import('prom-client')
let opening: Promise<{ library: Library; ofProcess: Registry }> | undefined

/** Returns all current metrics, with the library's own about the process: `process_…`, `nodejs_…`. */
export async function expose(metrics: Metrics): Promise<Exposition> {
  opening ??= open()
  const { library, ofProcess } = await opening
  const registry = new library.Registry()
  for (const snapshot of await metrics.collect()) {
    const { name, help, type, values } = snapshot
    // The library only uses the name and the values of its own classes.
    const metric = { name, get: async () => ({ name, help, type, values, aggregator: 'sum' }) }
    registry.registerMetric(metric as unknown as Metric)
  }
  const text = await library.Registry.merge([registry, ofProcess]).metrics()
  return { contentType: registry.contentType, text }
}

async function open() {
  const { default: library } = await import('prom-client')
  const ofProcess = new library.Registry()
  library.collectDefaultMetrics({ register: ofProcess })
  return { library, ofProcess }
}
