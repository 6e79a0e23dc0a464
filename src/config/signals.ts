// Settings for observing the server: metrics, log and traces.
import { z } from 'zod'
import { amountOrOff, bearer, optional, unlessBlank } from '#config/values.ts'

export const signalSettings = {
  METRICS_TOKEN: optional(bearer),
  SLOW_STATEMENT_MS: amountOrOff('milliseconds', { min: 0, max: 600_000, otherwise: 500 }),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  ),
  OTEL_TRACES_SAMPLER_ARG: unlessBlank(
    z
      .string()
      .trim()
      .regex(/^(0?\.\d+|[01](\.0*)?)$/, 'must be a number from 0 to 1')
      .transform(Number)
      .default(1),
  ),
  LOG_FORMAT: optional(z.enum(['json', 'pretty'])),
  LOG_LEVEL: unlessBlank(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ),
}

type Settings = z.output<z.ZodObject<typeof signalSettings>>

export interface SignalConfig {
  /** Bearer token that lets other machines request metrics. */
  metricsToken?: string
  /** Statements that take longer are logged; 0 logs none. */
  slowStatementMs: number
  /** The collector of traces, without a trailing slash; nothing is traced if absent. */
  otlpEndpoint?: string
  /** Share of the traces started here that are sampled, 0 to 1; a caller's trace is sampled as the caller decided. */
  traceShare: number
  /** One JSON object per line, or lines for people; if absent, lines for people on a terminal. */
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
