/**
 * Whether the binary form carries a value as it is. Asked before every encoding, so it is quick about what most
 * messages are: small plain objects. What it does not carry goes as text, see `binary-codec.ts`.
 */
import { carriedTag } from './carried.ts';

/** Deeper values go as text, which finds cycles; so do larger ones, since what was seen before is sought in a list. */
const MOST_DEPTH = 32;
const MOST_OBJECTS = 64;

/** No undefined, no -0, no half of a surrogate pair, no hole, no cycle and nothing twice: MessagePack has no such. */
export function isBinaryCarriable(value: unknown): boolean {
  return carries(value, [], 0);
}

function carries(value: unknown, seen: object[], depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return value !== 0 || !Object.is(value, -0);
    case 'boolean':
    case 'bigint':
      return true;
    case 'object':
      return value === null || carriesObject(value, seen, depth);
    default:
      return false;
  }
}

function carriesObject(value: object, seen: object[], depth: number): boolean {
  if (depth > MOST_DEPTH || seen.length >= MOST_OBJECTS || seen.includes(value)) return false;
  seen.push(value);
  if (Array.isArray(value)) return carriesList(value, seen, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return carriesFields(value, seen, depth);
  if (value instanceof Map) {
    return (
      prototype === Map.prototype && carriesAll(value.keys(), seen, depth) && carriesAll(value.values(), seen, depth)
    );
  }
  if (value instanceof Set) return prototype === Set.prototype && carriesAll(value, seen, depth);
  return prototype === Date.prototype || (ArrayBuffer.isView(value) && carriedTag(value) !== 'unknown');
}

/** An index that is missing reads as undefined, which is not carried either. */
function carriesList(list: readonly unknown[], seen: object[], depth: number): boolean {
  for (let index = 0; index < list.length; index++) if (!carries(list[index], seen, depth + 1)) return false;
  return true;
}

function carriesAll(values: Iterable<unknown>, seen: object[], depth: number): boolean {
  for (const value of values) if (!carries(value, seen, depth + 1)) return false;
  return true;
}

function carriesFields(value: object, seen: object[], depth: number): boolean {
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  for (const key in value) {
    if (key === '__proto__' || !carries(value[key as keyof typeof value], seen, depth + 1)) return false;
  }
  return true;
}
