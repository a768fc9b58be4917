import { InvalidConfigError, keyedAskId } from '@jaegis/core';
import type { AskOptions } from './ref.ts';

/** The id that an ask has by its idempotency key; undefined without one. @throws InvalidConfigError */
export function askId(options: AskOptions<unknown> | undefined): string | undefined {
  const key: unknown = options?.idempotencyKey;
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key !== '') return keyedAskId(key);
  throw new InvalidConfigError(`ask: idempotencyKey is ${shown(key)}; it must be a text that is not empty.`, {
    data: { path: 'idempotencyKey' },
  });
}

function shown(key: unknown): string {
  return key === '' ? 'empty' : `of type ${key === null ? 'null' : typeof key}`;
}
