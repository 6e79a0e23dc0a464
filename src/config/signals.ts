// Settings of what whoever runs the server sees of it: metrics, the log, traces.
import { z } from 'zod'
import { bearer, blankIsAbsent, given, optional } from '#config/values.ts'

export const signalSettings = {
  METRICS_TOKEN: optional(bearer),
  SLOW_STATEMENT_MS: z.preprocess(
    (value) => (value === 'off' ? 0 : blankIsAbsent(value)),
    z.coerce.number('must be a number of milliseconds, or off').int().min(0).max(600_000).default(500),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  ),
  OTEL_TRACES_SAMPLER_ARG: given(z.coerce.number('must be a number from 0 to 1').min(0).max(1).default(1)),
  LOG_FORMAT: optional(z.enum(['json', 'pretty'])),
  LOG_LEVEL: given(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info')),
}

type Settings = z.output<z.ZodObject<typeof signalSettings>>

export interface SignalConfig {
  /** What requests for metrics may bear that come from elsewhere than this machine. */
  metricsToken?: string
  /** Statements that take longer are logged; 0 for none. */
  slowStatementMs: number
  /** Where traces are sent, without a slash at its end; nothing is traced where absent. */
  otlpEndpoint?: string
  /** The share of traces that begin here, 0 to 1; what belongs to a caller's trace is sampled as that is. */
  traceShare: number
  /** One JSON object a line, or lines for people; where absent, people are written to where they read along. */
  logFormat?: 'json' | 'pretty'
  logLevel: Settings['LOG_LEVEL']
}

export function signalsOf(settings: Settings): SignalConfig {
  const { METRICS_TOKEN, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, LOG_FORMAT, LOG_LEVEL } = settings
  return {
    slowStatementMs: settings.SLOW_STATEMENT_MS,
    traceShare: settings.OTEL_TRACES_SAMPLER_ARG,
    logLevel: LOG_LEVEL,
    ...(METRICS_TOKEN && { metricsToken: METRICS_TOKEN }),
    ...(endpoint && { otlpEndpoint: endpoint.replace(/\/+$/, '') }),
    ...(LOG_FORMAT && { logFormat: LOG_FORMAT }),
  }
}
