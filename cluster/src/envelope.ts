import type { Message } from '@jaegis/actors';
import {
  type Codec,
  CorruptRecordError,
  type EntityId,
  type ErrorData,
  errorFromData,
  errorToData,
} from '@jaegis/core';

/** A message between nodes. */
export interface Envelope {
  readonly to: { readonly entity: EntityId } | { readonly path: string };
  readonly message: Message;
  readonly id?: string;
}

/** The answer to an envelope that asked for one. */
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ErrorData };

/** @throws CorruptRecordError when the bytes are no envelope. */
export function decodeEnvelope(codec: Codec, data: Uint8Array): Envelope {
  const value = codec.decode(data);
  if (isObject(value) && isObject(value.to) && isObject(value.message) && typeof value.message.type === 'string') {
    return value as unknown as Envelope; // checked as far as routing reads it
  }
  throw new CorruptRecordError('Not an envelope: expected { to, message: { type } }.');
}

/** @throws the error that the other side answered with. */
export function openAnswer(codec: Codec, data: Uint8Array): unknown {
  const answer = codec.decode(data) as Answer; // written by encodeAnswer of a node of this cluster
  if (answer.ok) return answer.value;
  throw errorFromData(answer.error);
}

export function encodeAnswer(codec: Codec, answer: { value: unknown } | { error: unknown }): Uint8Array {
  if ('value' in answer) {
    try {
      return codec.encode({ ok: true, value: answer.value } satisfies Answer);
    } catch (error) {
      return codec.encode({ ok: false, error: errorToData(error) } satisfies Answer);
    }
  }
  return codec.encode({ ok: false, error: errorToData(answer.error) } satisfies Answer);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
