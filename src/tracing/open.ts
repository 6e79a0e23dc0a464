// Sends traces to an OpenTelemetry collector, by OTLP over HTTP in JSON.
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

/** How long spans are batched. */
const gatherMs = 1_000
/** Time limit for an export. */
const exportMs = 10_000
/** How long a stop waits for the last export. */
const lastMs = 2_000
/** Minimum interval between warnings about the collector. */
const warnMs = 60_000

/**
 * Opens tracing to the configured collector. Spans that it does not accept in time are dropped; nothing waits for it.
 * The library reads OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS.
 */
export async function openTracing(
  { otlpEndpoint, traceShare }: Pick<Config, 'otlpEndpoint' | 'traceShare'>,
  log: Pick<BaseLogger, 'warn'>,
): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined
  forwardDiagnostics(log)
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
    const sent = provider.shutdown().catch(() => {}) // the failure has already been logged
    await Promise.race([sent, sleep(lastMs, undefined, { ref: false })])
  })
}

/** Logs the library's messages, such as that the collector cannot be reached. */
function forwardDiagnostics(log: Pick<BaseLogger, 'warn'>): void {
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
