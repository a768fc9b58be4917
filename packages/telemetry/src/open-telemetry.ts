import {
  type Clock,
  formatTraceparent,
  parseTraceparent,
  type Span,
  type SpanStart,
  type Telemetry,
  type Timer,
  type TraceContext,
} from '@jaegis/core';
import {
  type Context,
  context,
  createTraceState,
  type Link,
  type ProxyTracerProvider,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

const NAME = 'jaegis';
const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER, internal: SpanKind.INTERNAL } as const;
/** How soon a tracer that is registered later, or taken away, is noticed, in ms. */
const LOOK_MS = 1_000;

/** Spans for the tracer provider that the application has registered with OpenTelemetry's API, if it has. */
export class OpenTelemetry implements Telemetry {
  readonly #clock: Clock | undefined;
  #timer: Timer | undefined;
  #tracer: Tracer | undefined;
  isOn = false;

  /** Looks for a tracer now and, with a clock, every second until {@link close}. */
  constructor(clock?: Clock) {
    this.#clock = clock;
    this.#look();
  }

  close(): void {
    this.#clock?.clearTimer(this.#timer);
    this.isOn = false;
  }

  active(): TraceContext | undefined {
    const active = trace.getSpanContext(context.active());
    return active && trace.isSpanContextValid(active) ? toTraceContext(active) : undefined;
  }

  within<Result>(of: TraceContext | undefined, act: () => Result): Result {
    return context.with(contextOf(of), act);
  }

  start({ name, kind, parent, link, attributes }: SpanStart): Span {
    const tracer = this.#tracer ?? trace.getTracer(NAME);
    const before = contextOf(parent);
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes, links: linksTo(link) }, before);
    const within = trace.setSpan(before, span);
    return {
      context: toTraceContext(span.spanContext()),
      run: (act) => context.with(within, act),
      end: (error) => {
        if (error !== undefined) {
          const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }; // if it has them
          if (typeof code === 'string') span.setAttribute('error.type', code);
          span.setStatus({ code: SpanStatusCode.ERROR, message: String(message ?? error) });
        }
        span.end();
      },
    };
  }

  #look(): void {
    // The global provider stands for the one that is registered; without one it has no tracer to delegate to.
    const provider = trace.getTracerProvider();
    this.#tracer = isProxy(provider) ? provider.getDelegateTracer(NAME) : provider.getTracer(NAME);
    this.isOn = this.#tracer !== undefined;
    this.#timer = this.#clock?.setTimer(LOOK_MS, () => this.#look());
  }
}

/** By its shape: an application may hold several copies of the API, which share the global provider. */
function isProxy(provider: TracerProvider): provider is ProxyTracerProvider {
  return 'getDelegateTracer' in provider;
}

function contextOf(given: TraceContext | undefined): Context {
  const of = spanContextOf(given);
  return of === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, of);
}

function linksTo(given: TraceContext | undefined): Link[] {
  const linked = spanContextOf(given);
  return linked === undefined ? [] : [{ context: linked }];
}

function spanContextOf(given: TraceContext | undefined): SpanContext | undefined {
  const parsed = given && parseTraceparent(given.traceparent);
  if (parsed === undefined) return undefined;
  const { traceId, spanId, flags } = parsed;
  const state = given?.tracestate === undefined ? {} : { traceState: createTraceState(given.tracestate) };
  return { traceId, spanId, traceFlags: flags, isRemote: true, ...state };
}

function toTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const traceparent = formatTraceparent({ traceId, spanId, flags: traceFlags });
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}
