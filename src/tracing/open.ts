// Where traces go: to an OpenTelemetry collector, by OTLP over HTTP in JSON.
import { setTimeout as sleep } from 'node:timers/promises'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { BaseLogger } from 'pino'
import type { Config } from '#config.ts'
import { packageVersion } from '#place.ts'
import { Tracing } from '#tracing/tracing.ts'

/** How long spans are gathered. */
const gatherMs = 1_000
/** How long a collector may take. */
const exportMs = 10_000
/** How long a stop waits for it. */
const lastMs = 2_000
/** A collector that is away is warned of so often. */
const warnMs = 60_000

/**
 * Opens tracing to the collector of the settings. Spans that it does not take in time are lost; nobody waits for it.
 * OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS are read by the library.
 */
export async function openTracing(
  { otlpEndpoint, traceShare }: Pick<Config, 'otlpEndpoint' | 'traceShare'>,
  log: Pick<BaseLogger, 'warn'>,
): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined
  tellOf(log)
  const { href: url } = new URL('v1/traces', `${otlpEndpoint}/`)
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportMs })
  const ours = resourceFromAttributes({
    'service.name': 'chatterie',
    'service.version': await packageVersion(),
  })
  const provider = new TracerProvider({
    resource: ours.merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traceShare) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, scheduledDelayMillis: gatherMs, exportTimeoutMillis: exportMs }),
    ],
  })
  return new Tracing(provider.getTracer('chatterie'), async () => {
    const sent = provider.shutdown().catch(() => {}) // that the collector is away was said
    await Promise.race([sent, sleep(lastMs, undefined, { ref: false })])
  })
}

/** What the library has to say, such as that the collector is away. */
function tellOf(log: Pick<BaseLogger, 'warn'>): void {
  let warnedAt = Number.NEGATIVE_INFINITY
  const complain = (said: string) => {
    if (performance.now() - warnedAt < warnMs) return
    warnedAt = performance.now()
    log.warn({ reason: reasonIn(said) }, 'traces were not sent')
  }
  const ignore = () => {}
  diag.setLogger(
    { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}

/** Errors are printed as JSON. */
function reasonIn(said: string): string {
  const [, message = said] = /"message":"((?:[^"\\]|\\.)*)"/.exec(said) ?? []
  return message.slice(0, 200)
}
