/** What the bodies of frames say, in the cluster's codec: lists, since a name for each part would cost more than the part. */
import type { Message } from '@jaegis/actors';
import {
  type Codec,
  CorruptRecordError,
  type ErrorData,
  errorFromData,
  errorToData,
  type TraceContext,
} from '@jaegis/core';

/** The path of an actor, or the type and key of an entity. */
export type Target = string | readonly [type: string, key: string];

export interface Request {
  readonly to: Target;
  readonly message: Message;
  /** How long its asker waits from now on, in ms. */
  readonly leftMs: number;
  readonly id: string | undefined;
  /** The id was made for this attempt, which is the first. */
  readonly isFresh?: boolean;
  /** The trace that it is a part of. */
  readonly trace?: TraceContext | undefined;
  /** Who asks: an actor's address or the name of a node. Of asks to entities, for their records. */
  readonly sender?: string | undefined;
}

/** @throws NotSerializableError with the path of what cannot be carried. */
export function encodeTell(codec: Codec, to: Target, message: Message, trace?: TraceContext): Uint8Array {
  return codec.encode(trace === undefined ? [to, message] : [to, message, null, null, false, ...fieldsOf(trace)]);
}

/** @throws NotSerializableError with the path of what cannot be carried. */
export function encodeAsk(codec: Codec, request: Request): Uint8Array {
  const { to, message, leftMs, id, isFresh, trace, sender } = request;
  if (sender !== undefined) {
    const traced = [trace?.traceparent ?? null, trace?.tracestate ?? null];
    return codec.encode([to, message, leftMs, id ?? null, isFresh === true, ...traced, sender]);
  }
  if (trace !== undefined) {
    return codec.encode([to, message, leftMs, id ?? null, isFresh === true, ...fieldsOf(trace)]);
  }
  if (id === undefined) return codec.encode([to, message, leftMs]);
  return codec.encode(isFresh ? [to, message, leftMs, id, true] : [to, message, leftMs, id]);
}

/** @throws CorruptRecordError when the bytes are no request. */
export function decodeRequest(codec: Codec, body: Uint8Array): Request {
  const value = codec.decode(body);
  if (Array.isArray(value)) {
    const fields: readonly unknown[] = value;
    const to = fields[0];
    const message = fields[1];
    const leftMs = fields[2] ?? Number.POSITIVE_INFINITY;
    const id = fields[3] ?? undefined;
    if (
      isTarget(to) &&
      isMessage(message) &&
      typeof leftMs === 'number' &&
      (id === undefined || typeof id === 'string')
    ) {
      const isFresh = fields[4] === true;
      const trace = typeof fields[5] === 'string' ? contextOf(fields[5], fields[6]) : undefined;
      const sender = typeof fields[7] === 'string' ? fields[7] : undefined;
      return { to, message, leftMs, id, isFresh, trace, sender };
    }
  }
  throw new CorruptRecordError(
    'Not a request: expected [to, { type }, leftMs?, id?, isFresh?, traceparent?, tracestate?, sender?].',
  );
}

function fieldsOf({ traceparent, tracestate }: TraceContext): string[] {
  return tracestate === undefined ? [traceparent] : [traceparent, tracestate];
}

function contextOf(traceparent: string, tracestate: unknown): TraceContext {
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}

export function encodeFailure(codec: Codec, error: unknown): Uint8Array {
  return codec.encode(errorToData(error));
}

export function decodeFailure(codec: Codec, body: Uint8Array): Error {
  return errorFromData(codec.decode(body) as ErrorData); // written by encodeFailure of a node of this cluster
}

/** A tell that its receiver did not take in. */
export interface RefusedTell {
  readonly to: Target;
  readonly message: Message;
  readonly error: unknown;
}

export function encodeRefused(codec: Codec, { to, message, error }: RefusedTell): Uint8Array {
  const { stack: _, ...data } = errorToData(error);
  return codec.encode([to, message, data]);
}

/** @throws CorruptRecordError when the bytes are none. */
export function decodeRefused(codec: Codec, body: Uint8Array): RefusedTell {
  const value = codec.decode(body);
  if (Array.isArray(value)) {
    const [to, message, error]: readonly unknown[] = value;
    // The third is written by encodeRefused of a node of this cluster.
    if (isTarget(to) && isMessage(message)) return { to, message, error: errorFromData(error as ErrorData) };
  }
  throw new CorruptRecordError('Not a refused tell: expected [to, { type }, error].');
}

function isTarget(value: unknown): value is Target {
  if (typeof value === 'string') return true;
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string';
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
