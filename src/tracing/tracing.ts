// Traces: what one request set off, from its arrival to the last socket, as OpenTelemetry sees it. Loaded only where
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

/** Where a span comes from: by whom others know it [W3C Trace Context, traceparent]. */
type Traceparent = string

export interface SpanOptions {
  kind: Lowercase<keyof typeof SpanKind>
  /** What it follows from; without a valid one, what is going on where it begins, if anything. */
  parent?: Traceparent | undefined
  attributes?: Attributes
  /** Milliseconds since 1970; now where absent. */
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

/** A span that has begun, and must be ended. */
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

  /** Does something as a part of it. */
  enter<T>(work: () => T): T {
    return this.#contexts.with(this.#context, work)
  }

  say(attributes: Attributes): void {
    this.#span.setAttributes(attributes)
  }

  /** Marks it as failed; the error's words may be data, so that its name alone is told. */
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

  /** @param shutDown sends what waits */
  constructor(tracer: Tracer, shutDown: () => Promise<void>) {
    this.#tracer = tracer
    this.#shutDown = shutDown
  }

  /** What is going on here; undefined where nothing is traced. */
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

  /** Does something in a span of its own, which ends with it. */
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

  /** A statement, by its name, as a part of what asks for it; of what nobody traces it is no trace of its own. */
  statement<T>(name: string, ask: () => Promise<T>): Promise<T> {
    if (this.current === undefined) return ask()
    return this.run(name, { kind: 'client', attributes: { 'db.system.name': 'postgresql' } }, ask)
  }

  /** Sends what waits, and ends. */
  close(): Promise<void> {
    return this.#shutDown()
  }
}

function traceparentOf(context: TraceContext): Traceparent | undefined {
  const carrier: { traceparent?: string } = {}
  propagator.inject(context, carrier, defaultTextMapSetter)
  return carrier.traceparent
}
