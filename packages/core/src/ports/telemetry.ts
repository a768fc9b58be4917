/**
 * Spans for whoever traces requests through a cluster. Real: OpenTelemetry (`@jaegis/telemetry`); where nothing traces:
 * {@link noTelemetry}.
 *
 * Obligations: no method throws. While {@link Telemetry.isOn} is false no other method is called, and nothing is recorded
 * or sent along.
 */
export interface Telemetry {
  /** Read for every message: it must cost no more than a field. */
  readonly isOn: boolean;
  /** The trace that the code which runs now belongs to, if it belongs to one. */
  active(): TraceContext | undefined;
  /** What runs in here, also after its awaits, belongs to that trace, or to none. */
  within<Result>(trace: TraceContext | undefined, act: () => Result): Result;
  start(span: SpanStart): Span;
}

export interface SpanStart {
  /** What is done, with few different values: `ask add`. */
  readonly name: string;
  readonly kind: 'client' | 'server' | 'internal';
  /** What it is a part of; undefined: the beginning of a trace. */
  readonly parent: TraceContext | undefined;
  /** What brought it about without being what it is a part of. */
  readonly link?: TraceContext | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export interface Span {
  readonly context: TraceContext;
  /** What runs in here, also after its awaits, belongs to the span. */
  run<Result>(act: () => Result): Result;
  /** @param error Why it failed; undefined: it succeeded. */
  end(error?: unknown): void;
}

/** As W3C Trace Context has it in its headers. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** As the end of a list of fields, which is no longer where there is no trace. */
export function traceToFields(trace: TraceContext | undefined): readonly string[] {
  if (trace === undefined) return none;
  const { traceparent, tracestate } = trace;
  return tracestate === undefined ? [traceparent] : [traceparent, tracestate];
}

const none: readonly string[] = [];

/** Undefined where the fields hold none. */
export function traceFromFields(traceparent: unknown, tracestate: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}

/** Nothing is traced. */
export const noTelemetry: Telemetry = {
  isOn: false,
  active: () => undefined,
  within: (_trace, act) => act(),
  start: ({ parent = { traceparent: '' } }) => ({ context: parent, run: (act) => act(), end: () => {} }),
};
