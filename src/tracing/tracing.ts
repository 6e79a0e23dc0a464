// Traces everything that a request causes, from its arrival to the last socket, with OpenTelemetry. Loaded only if
// OTEL_EXPORTER_OTLP_ENDPOINT names a collector.
import {
  type Attributes,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Context as TraceContext,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'

/** Identifies a span in other processes [W3C Trace Context, traceparent]. */
type Traceparent = string

export interface SpanOptions {
  kind: Lowercase<keyof typeof SpanKind>
  /** The parent span; if absent or invalid, the active span, if any. */
  parent?: Traceparent | undefined
  attributes?: Attributes
  /** Milliseconds since 1970; defaults to now. */
  startTime?: number
}

const kinds: Record<SpanOptions['kind'], SpanKind> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

const propagator = new W3CTraceContextPropagator()

/** A span that has begun and must be ended. */
export class Begun {
  readonly #span: Span
  readonly #context: TraceContext
  readonly #contexts: AsyncLocalStorageContextManager

  constructor(span: Span, context: TraceContext, contexts: AsyncLocalStorageContextManager) {
    this.#span = span
    this.#context = context
    this.#contexts = contexts
  }

  get traceparent(): Traceparent {
    return traceparentOf(this.#context) ?? ''
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  /** Runs work as part of the span. */
  enter<T>(work: () => T): T {
    return this.#contexts.with(this.#context, work)
  }

  say(attributes: Attributes): void {
    this.#span.setAttributes(attributes)
  }

  /** Marks the span as failed. Only the error's name is recorded, because its message may contain data. */
  fail(error: unknown): void {
    const message = error instanceof Error ? error.name : 'failed'
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message })
  }

  end(): void {
    this.#span.end()
  }
}

export class Tracing {
  readonly #tracer: Tracer
  readonly #contexts = new AsyncLocalStorageContextManager()
  readonly #shutDown: () => Promise<void>

  /** @param shutDown sends pending spans */
  constructor(tracer: Tracer, shutDown: () => Promise<void>) {
    this.#tracer = tracer
    this.#shutDown = shutDown
  }

  /** The active span; undefined if nothing is traced. */
  get current(): Traceparent | undefined {
    return traceparentOf(this.#contexts.active())
  }

  begin(name: string, { kind, parent, attributes, startTime }: SpanOptions): Begun {
    const remote =
      parent === undefined
        ? undefined
        : propagator.extract(ROOT_CONTEXT, { traceparent: parent }, defaultTextMapGetter)
    const from = remote && trace.getSpanContext(remote) ? remote : this.#contexts.active()
    const options = {
      kind: kinds[kind],
      ...(attributes && { attributes }),
      ...(startTime !== undefined && { startTime }),
    }
    const span = this.#tracer.startSpan(name, options, from)
    return new Begun(span, trace.setSpan(from, span), this.#contexts)
  }

  /** Runs work in a span of its own, which ends with the work. */
  async run<T>(name: string, options: SpanOptions, work: (span: Begun) => Promise<T>): Promise<T> {
    const span = this.begin(name, options)
    try {
      return await span.enter(() => work(span))
    } catch (error) {
      span.fail(error)
      throw error
    } finally {
      span.end()
    }
  }

  /** Traces a statement, by name, as part of the active span. Without one, the statement is not traced. */
  statement<T>(name: string, ask: () => Promise<T>): Promise<T> {
    if (this.current === undefined) return ask()
    return this.run(name, { kind: 'client', attributes: { 'db.system.name': 'postgresql' } }, ask)
  }

  /** Sends pending spans and stops tracing. */
  close(): Promise<void> {
    return this.#shutDown()
  }
}

function traceparentOf(context: TraceContext): Traceparent | undefined {
  const carrier: { traceparent?: string } = {}
  propagator.inject(context, carrier, defaultTextMapSetter)
  return carrier.traceparent
}
