import { limits, roughSize } from '@jaegis/core';
import type { Effect } from '../run/effect.ts';

/** Messages that leave an entity, or wait to. Bytes are rough. */
export interface Load {
  readonly messages: number;
  readonly bytes: number;
}

export const noLoad: Load = { messages: 0, bytes: 0 };

export function sum(a: Load, b: Load): Load {
  return { messages: a.messages + b.messages, bytes: a.bytes + b.bytes };
}

/** What a step sends. */
export function sendsOf(effects: readonly Effect[]): Load {
  let all = noLoad;
  for (const effect of effects) {
    if (effect.kind === 'send') all = sum(all, { messages: 1, bytes: roughSize(effect.message, limits.turnBytes) });
  }
  return all;
}
