/** The form of what ties processes of two nodes together on its way: `[node, incarnation, epoch, signal]` in the codec. */
import { ENTITIES, type SentSignal } from '@jaegis/actors';
import {
  type Codec,
  CorruptRecordError,
  type EntityId,
  incarnation,
  isToken,
  nodeId,
  parseEntityId,
} from '@jaegis/core';
import type { Target } from './envelope.ts';

/** @throws NotSerializableError */
export function encodeSignal(codec: Codec, { from, epoch, signal }: SentSignal): Uint8Array {
  return codec.encode([from.id, from.incarnation, epoch, signal]);
}

/** @throws CorruptRecordError when the bytes are none. */
export function decodeSignal(codec: Codec, body: Uint8Array): SentSignal {
  const value = codec.decode(body);
  if (Array.isArray(value) && value.length === 4) {
    const [node, life, epoch, signal]: readonly unknown[] = value;
    if (isToken(node) && typeof life === 'string' && typeof epoch === 'number' && isSignal(signal)) {
      return { from: { id: nodeId(node), incarnation: incarnation(life) }, epoch, signal };
    }
  }
  throw new CorruptRecordError('Not a signal: expected [node, incarnation, epoch, { kind }].');
}

/** The one process that it is for, as messages to that name it. Undefined: it names none. */
export function receiverOf({ signal }: SentSignal): Target | undefined {
  if (!('to' in signal)) return undefined;
  const entity = entityOfPath(signal.to);
  return entity === undefined ? signal.to : [entity.type, entity.key];
}

/** Entities have moved, perhaps, since they were named by the node that they were on. */
export function entityOfPath(path: string): EntityId | undefined {
  return path.startsWith(ENTITIES) ? parseEntityId(path.slice(ENTITIES.length)) : undefined;
}

/** Written by encodeSignal of a node of this cluster: what its kind says is there. */
function isSignal(value: unknown): value is SentSignal['signal'] {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
