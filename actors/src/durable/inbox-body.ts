/** What stands in the messages of inboxes: a message, and of a timer's also which one has sent it. */
import {
  type Codec,
  CorruptRecordError,
  type DurableTimer,
  type EntityId,
  formatEntityId,
  type InboxMessage,
} from '@jaegis/core';
import type { Message } from '../run/protocol.ts';

export interface InboxBody {
  readonly message: Message;
  readonly timer: { readonly name: string; readonly id: string } | undefined;
  /** The node or client that sent it; undefined for timers and where it is not known. */
  readonly sender: string | undefined;
  /** It was sent before under the same id, or its id is not of JAEGIS's making. */
  readonly mayRepeat: boolean;
}

/** Under which a `send` is put: an inbox stream is shared by all entities. */
export function inboxMessageId(entity: EntityId, id: string): string {
  return `${formatEntityId(entity)}:${id}`;
}

/** @throws NotSerializableError with the path of what cannot be carried. */
export function encodeInboxMessage(codec: Codec, message: Message, sender: string, mayRepeat: boolean): Uint8Array {
  return codec.encode(mayRepeat ? [message, sender, true] : [message, sender]);
}

/** @throws NotSerializableError */
export function encodeTimer(codec: Codec, { message, name, id }: DurableTimer): Uint8Array {
  return codec.encode([message, name, id]);
}

/** @throws CorruptRecordError */
export function decodeInboxMessage(
  codec: Codec,
  { subject, sequence, data }: Omit<InboxMessage, 'id' | 'timeMs'>,
): InboxBody {
  const list = codec.decode(data);
  if (!Array.isArray(list) || !isMessage(list[0])) {
    throw new CorruptRecordError(`Message ${sequence} of ${subject} cannot be read: it is no message.`, {
      data: { subject, sequence },
    });
  }
  const [message, name, id] = list;
  const isTimer = typeof name === 'string' && typeof id === 'string';
  const mayRepeat = id === true;
  const sender = typeof name === 'string' && !isTimer ? name : undefined;
  return { message, timer: isTimer ? { name, id } : undefined, sender, mayRepeat };
}

/** The same for its entity, which must put away what cannot be read: with why, and a message for people to look at. */
export function readInboxMessage(
  codec: Codec,
  given: InboxMessage,
): { readonly body: InboxBody; readonly refusal: unknown } {
  try {
    return { body: decodeInboxMessage(codec, given), refusal: undefined };
  } catch (refusal) {
    const message = { type: 'unreadable', data: given.data } as Message; // nothing handles it
    return { body: { message, timer: undefined, sender: undefined, mayRepeat: false }, refusal };
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
