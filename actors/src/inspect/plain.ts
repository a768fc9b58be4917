/** Values of users as plain JSON, for tools that know nothing of codecs: what JSON has no word for, in one that can be read. */
import { errorToData } from '@jaegis/core';

export interface PlainBounds {
  /** Deeper values are named, not shown. */
  readonly depth: number;
  /** Of a list, an object or a text: what is beyond is counted. */
  readonly length: number;
  /** In all: what comes later is counted. */
  readonly values: number;
}

/** For an answer that must be whole: only cycles are cut. */
export const whole: PlainBounds = { depth: 100, length: Number.POSITIVE_INFINITY, values: Number.POSITIVE_INFINITY };
/** For a look at something. */
export const glance: PlainBounds = { depth: 12, length: 200, values: 2_000 };

/** How far one showing has come. */
interface Showing extends PlainBounds {
  shown: number;
}

/**
 * As `JSON.stringify` takes it, and by `toJSON` where a value has it. A bigint, NaN and a function become texts, a Map a list of pairs, a Set and a typed array
 * lists, an Error its data without the stack. Never throws, whatever getters and proxies do.
 */
export function plain(value: unknown, bounds: PlainBounds = whole): unknown {
  return shown(value, { ...bounds, shown: 0 }, []);
}

function shown(value: unknown, bounds: Showing, above: readonly object[]): unknown {
  bounds.shown++;
  switch (typeof value) {
    case 'string':
      return cut(value, bounds.length);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : guarded(value, bounds, above);
    default:
      return typeof value === 'function' ? `[function ${value.name}]` : String(value);
  }
}

function guarded(value: object, bounds: Showing, above: readonly object[]): unknown {
  if (above.includes(value)) return '[circular]';
  if (above.length >= bounds.depth) return Array.isArray(value) ? '[list]' : '[object]';
  try {
    return object(value, bounds, [...above, value]);
  } catch {
    return '[cannot be shown]';
  }
}

function object(value: object, bounds: Showing, above: readonly object[]): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return shown(withoutStacks(errorToData(value)), bounds, above);
  if (value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer || value instanceof DataView) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return list(value, value.length, bounds, above);
  if (value instanceof Map || value instanceof Set) return list(value, value.size, bounds, above);
  if (ArrayBuffer.isView(value)) return list(value as Uint8Array, (value as Uint8Array).length, bounds, above); // no DataView
  if ('toJSON' in value && typeof value.toJSON === 'function') return shown(value.toJSON(), bounds, above);
  return fields(value, bounds, above);
}

function list(
  values: Iterable<unknown>,
  length: number,
  bounds: Showing,
  above: readonly object[],
): readonly unknown[] {
  const made: unknown[] = [];
  for (const value of values) {
    if (made.length >= bounds.length || bounds.shown >= bounds.values)
      return [...made, `… ${length - made.length} more`];
    made.push(shown(value, bounds, above) ?? null);
  }
  return made;
}

function fields(value: object, bounds: Showing, above: readonly object[]): Record<string, unknown> {
  const names = Object.keys(value);
  const made: [string, unknown][] = [];
  for (const name of names) {
    if (made.length >= bounds.length || bounds.shown >= bounds.values) {
      made.push(['…', `${names.length - made.length} more`]);
      break;
    }
    made.push([name, shown(Reflect.get(value, name), bounds, above)]);
  }
  return Object.fromEntries(made);
}

function cut(text: string, length: number): string {
  if (text.length <= length * TEXT) return text;
  return `${text.slice(0, length * TEXT)}… ${text.length - length * TEXT} more`;
}

/** Characters that count as much as one value. */
const TEXT = 20;

interface WithStack {
  readonly stack?: string;
  readonly cause?: WithStack;
}

/** An error as data, for those who need not know the files of the program. */
export function withoutStacks<T extends WithStack>({ stack: _, cause, ...rest }: T): Omit<T, 'stack'> {
  return { ...rest, ...(cause === undefined ? {} : { cause: withoutStacks(cause) }) } as Omit<T, 'stack'>; // its fields
}
