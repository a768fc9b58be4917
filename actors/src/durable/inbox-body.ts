/**
 * What stands in the messages of inboxes: a message, and of a timer's also which one has sent it. As bytes: sealed under `I`,
 * a list in the cluster's codec. The list alone, as it was once written, begins with another byte in every codec.
 */
import {
  type Codec,
  CorruptRecordError,
  type DurableTimer,
  type EntityId,
  formatEntityId,
  hasCode,
  type InboxMessage,
  MigrationRefusedError,
  type TraceContext,
  traceFromFields,
  traceToFields,
} from '@jaegis/core';
import type { Message } from '../run/protocol.ts';
import { sealed, unsealed } from './sealed.ts';

const MARK = 0x49;
const FORMAT = 1;

export interface InboxBody {
  readonly message: Message;
  readonly timer: { readonly name: string; readonly id: string } | undefined;
  /** The node or client that sent it; undefined for timers and where it is not known. */
  readonly sender: string | undefined;
  /** It was sent before under the same id, or its id is not of JAEGIS's making. */
  readonly mayRepeat: boolean;
  /** What it is a part of; of a timer: what set it. */
  readonly trace: TraceContext | undefined;
}

/** What of a message is looked at here. */
type Unread = Omit<InboxMessage, 'id' | 'timeMs'>;

/** Under which a `send` is put: an inbox stream is shared by all entities. */
export function inboxMessageId(entity: EntityId, id: string): string {
  return `${formatEntityId(entity)}:${id}`;
}

export interface SentBy {
  readonly sender: string;
  readonly mayRepeat: boolean;
  readonly trace?: TraceContext | undefined;
}

/** @throws NotSerializableError with the path of what cannot be carried. */
export function encodeInboxMessage(codec: Codec, message: Message, by: SentBy): Uint8Array {
  const { sender, mayRepeat, trace } = by;
  // In the third place of a timer's stands its id.
  const list = mayRepeat || trace !== undefined ? [message, sender, mayRepeat] : [message, sender];
  return sealed(MARK, FORMAT, codec.encode([...list, ...traceToFields(trace)]));
}

/** @throws NotSerializableError */
export function encodeTimer(codec: Codec, { message, name, id, trace }: DurableTimer): Uint8Array {
  return sealed(MARK, FORMAT, codec.encode([message, name, id, ...traceToFields(trace)]));
}

/** @throws CorruptRecordError; MigrationRefusedError for one that a newer version of JAEGIS wrote. */
export function decodeInboxMessage(codec: Codec, given: Unread): InboxBody {
  const list = codec.decode(bodyOf(given));
  if (!Array.isArray(list) || !isMessage(list[0])) throw corrupt(given, 'it is no message');
  const [message, name, id, traceparent, tracestate] = list;
  const isTimer = typeof name === 'string' && typeof id === 'string';
  const mayRepeat = id === true;
  const sender = typeof name === 'string' && !isTimer ? name : undefined;
  const trace = traceFromFields(traceparent, tracestate);
  return { message, timer: isTimer ? { name, id } : undefined, sender, mayRepeat, trace };
}

/**
 * The same for its entity, which must put away what cannot be read: with why, and a message for people to look at.
 * @throws MigrationRefusedError
 */
export function readInboxMessage(codec: Codec, given: Unread): { readonly body: InboxBody; readonly refusal: unknown } {
  try {
    return { body: decodeInboxMessage(codec, given), refusal: undefined };
  } catch (refusal) {
    if (hasCode(refusal, 'migration_refused')) throw refusal; // whole, only not for this node
    const message = { type: 'unreadable', data: given.data } as Message; // nothing handles it
    return { body: { message, timer: undefined, sender: undefined, mayRepeat: false, trace: undefined }, refusal };
  }
}

function bodyOf(given: Unread): Uint8Array {
  const { subject, sequence, data } = given;
  if (data[0] !== MARK) return data;
  const found = unsealed(MARK, 'message', data);
  if (!found.isWhole) throw corrupt(given, found.why);
  const { format, body } = found;
  if (format === FORMAT) return body;
  throw new MigrationRefusedError(
    `Message ${sequence} of ${subject} has format ${format}; this node knows ${FORMAT}. Another version of JAEGIS wrote it.`,
    { data: { subject, sequence, format } },
  );
}

function corrupt({ subject, sequence }: Unread, why: string): Error {
  return new CorruptRecordError(`Message ${sequence} of ${subject} cannot be read: ${why}.`, {
    data: { subject, sequence, why },
  });
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
