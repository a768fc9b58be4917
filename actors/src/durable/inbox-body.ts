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
}

/** What of a message is looked at here. */
type Unread = Omit<InboxMessage, 'id' | 'timeMs'>;

/** Under which a `send` is put: an inbox stream is shared by all entities. */
export function inboxMessageId(entity: EntityId, id: string): string {
  return `${formatEntityId(entity)}:${id}`;
}

/** @throws NotSerializableError with the path of what cannot be carried. */
export function encodeInboxMessage(codec: Codec, message: Message, sender: string, mayRepeat: boolean): Uint8Array {
  return sealed(MARK, FORMAT, codec.encode(mayRepeat ? [message, sender, true] : [message, sender]));
}

/** @throws NotSerializableError */
export function encodeTimer(codec: Codec, { message, name, id }: DurableTimer): Uint8Array {
  return sealed(MARK, FORMAT, codec.encode([message, name, id]));
}

/** @throws CorruptRecordError; MigrationRefusedError for one that a newer version of JAEGIS wrote. */
export function decodeInboxMessage(codec: Codec, given: Unread): InboxBody {
  const list = codec.decode(bodyOf(given));
  if (!Array.isArray(list) || !isMessage(list[0])) throw corrupt(given, 'it is no message');
  const [message, name, id] = list;
  const isTimer = typeof name === 'string' && typeof id === 'string';
  const mayRepeat = id === true;
  const sender = typeof name === 'string' && !isTimer ? name : undefined;
  return { message, timer: isTimer ? { name, id } : undefined, sender, mayRepeat };
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
    return { body: { message, timer: undefined, sender: undefined, mayRepeat: false }, refusal };
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
