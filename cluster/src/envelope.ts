/**
 * What the bodies of frames say. A request begins with a header of its own, so that what is the same in nearly every
 * message is neither encoded nor decoded anew by the codec; the message behind it is in the cluster's codec.
 *
 * Header: flags; the path, or type and key; what the flags name of: how long the asker waits (64 bits, ms), the id, the
 * trace (traceparent, tracestate), the sender, the name of the ask among those that actors wait for.
 */
import { type Asker, type Message, waitName } from '@jaegis/actors';
import {
  type Codec,
  CorruptRecordError,
  type ErrorData,
  errorFromData,
  errorToData,
  type TraceContext,
} from '@jaegis/core';
import { HeaderReader, HeaderWriter } from './header.ts';

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
  /** It was sent to a node that is not the owner any more, and comes from there. Of tells to entities. */
  readonly isForwarded?: boolean;
  /** The actor that waits for the reply. Undefined for an ask from outside the actors. */
  readonly asker?: Asker | undefined;
}

/** What comes out of the bytes of a request. */
export interface ArrivedRequest extends Omit<Request, 'asker'> {
  /** The name of the ask in the cluster, where an actor waits for it. */
  readonly wait: string | undefined;
}

/** The name of an ask, in its parts: the first is the same for all asks of a node. */
export interface NamedWait {
  readonly asker: string;
  readonly sequence: number;
}

/** What comes with a tell besides its message. */
export type TellOptions = Pick<Request, 'trace' | 'isForwarded'>;

/** What the header holds. The values are part of the protocol. */
const has = { key: 1, limit: 2, id: 4, fresh: 8, traceparent: 16, tracestate: 32, sender: 64, wait: 128 } as const;

const writer = new HeaderWriter();
const reader = new HeaderReader();

/**
 * The bytes are good until the next request is encoded.
 * @throws NotSerializableError with the path of what cannot be carried.
 */
export function encodeTell(codec: Codec, to: Target, message: Message, options: TellOptions = {}): Uint8Array {
  return encode(codec, { ...options, to, message, leftMs: Number.POSITIVE_INFINITY, id: undefined });
}

/** As {@link encodeTell}. @param wait Its name, where an actor waits for it. */
export function encodeAsk(codec: Codec, request: Request, wait?: NamedWait): Uint8Array {
  return encode(codec, request, wait);
}

function encode(codec: Codec, request: Request, wait?: NamedWait): Uint8Array {
  const { to, message, leftMs, id, trace, sender } = request;
  // First: what it reads of the message is the user's code, which may send too.
  const body = codec.encode(message);
  writer.begin(wait === undefined ? flagsOf(request) : flagsOf(request) | has.wait);
  if (typeof to === 'string') {
    writer.text(to, 'to');
  } else {
    writer.text(to[0], 'to.type');
    writer.text(to[1], 'to.key');
  }
  if (leftMs !== Number.POSITIVE_INFINITY) writer.number(leftMs);
  if (id !== undefined) writer.text(id, 'id');
  if (trace !== undefined) {
    writer.text(trace.traceparent, 'traceparent');
    if (trace.tracestate !== undefined) writer.text(trace.tracestate, 'tracestate');
  }
  if (sender !== undefined) writer.text(sender, 'sender');
  if (wait !== undefined) {
    writer.text(wait.asker, 'asker');
    writer.number(wait.sequence);
  }
  return writer.end(body);
}

function flagsOf({ to, leftMs, id, isFresh, trace, sender, isForwarded }: Request): number {
  let flags = typeof to === 'string' ? 0 : has.key;
  if (leftMs !== Number.POSITIVE_INFINITY) flags |= has.limit;
  if (id !== undefined) flags |= has.id;
  if (isFresh === true) flags |= has.fresh;
  if (trace !== undefined) flags |= trace.tracestate === undefined ? has.traceparent : has.traceparent | has.tracestate;
  if (sender !== undefined) flags |= has.sender;
  if (isForwarded === true) flags |= has.fresh; // a tell has no id that could be fresh
  return flags;
}

/** @throws CorruptRecordError when the bytes are no request. */
export function decodeRequest(codec: Codec, bytes: Uint8Array): ArrivedRequest {
  const flags = reader.begin(bytes);
  const first = reader.text();
  const to: Target = (flags & has.key) === 0 ? first : [first, reader.text()];
  const leftMs = (flags & has.limit) === 0 ? Number.POSITIVE_INFINITY : reader.number();
  const id = (flags & has.id) === 0 ? undefined : reader.text();
  const traceparent = (flags & has.traceparent) === 0 ? undefined : reader.text();
  const tracestate = (flags & has.tracestate) === 0 ? undefined : reader.text();
  const sender = (flags & has.sender) === 0 ? undefined : reader.text();
  const wait = (flags & has.wait) === 0 ? undefined : waitName(reader.text(), reader.number());
  const message = codec.decode(reader.rest());
  if (!isMessage(message)) throw new CorruptRecordError('Not a request: what follows its header is no { type }.');
  const trace = traceparent === undefined ? undefined : contextOf(traceparent, tracestate);
  const isMarked = (flags & has.fresh) !== 0;
  const [isFresh, isForwarded] = [isMarked && id !== undefined, isMarked && id === undefined];
  return { to, message, leftMs, id, isFresh, trace, sender, wait, isForwarded };
}

function contextOf(traceparent: string, tracestate: string | undefined): TraceContext {
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
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
