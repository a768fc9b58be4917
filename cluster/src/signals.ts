/** The form of what ties processes of two nodes together on its way: `[node, incarnation, epoch, signal]` in the codec. */
import type { SentSignal } from '@jaegis/actors';
import { type Codec, CorruptRecordError, incarnation, isToken, nodeId } from '@jaegis/core';

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

/** Written by encodeSignal of a node of this cluster: what its kind says is there. */
function isSignal(value: unknown): value is SentSignal['signal'] {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
