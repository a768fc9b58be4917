/**
 * Says what the codec could not carry and where it is. Called only after encoding has failed, so it may look at the
 * whole value again.
 */
import { errorToData, type JaegisError, NotSerializableError } from '@jaegis/core';
import { DevalueError } from 'devalue';

export function refusal(root: unknown, cause: unknown): JaegisError {
  if (cause instanceof DevalueError) {
    const path = pathTo(root, cause.value) ?? cause.path ?? '';
    const message = `Cannot encode ${describe(cause.value)} at value${path}.`;
    return new NotSerializableError(message, { data: { path }, cause });
  }
  const reason = cause instanceof RangeError ? 'it is nested too deeply' : 'reading it failed';
  return new NotSerializableError(`Cannot encode the value: ${reason}.`, { data: { path: '' }, cause });
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name || '(unnamed)'}`;
  if (typeof value === 'symbol') return `the symbol ${String(value)}`;
  if (typeof value !== 'object' || value === null) return `the ${typeof value}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return 'an object with a symbol or __proto__ as key';
  return `an instance of the class ${value.constructor?.name || '(unnamed)'}`;
}

/** The shortest path, as one would write it in JavaScript; `undefined` if it is not there (a getter made it). */
function pathTo(root: unknown, target: unknown): string | undefined {
  const seen = new Set<unknown>();
  const queue: Place[] = [['', root]];
  for (const [path, value] of queue) {
    if (value === target) return path;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const [step, child] of children(value)) queue.push([path + step, child]);
  }
  return undefined;
}

type Place = readonly [path: string, value: unknown];

function children(value: object): Place[] {
  if (value instanceof Map) return [...value].flatMap(([key, entry], i) => mapEntry(key, entry, i));
  if (value instanceof Set) return [...value].map((member, i) => [`.values()[${i}]`, member]);
  if (value instanceof Error) return fields(errorToData(value));
  if (ArrayBuffer.isView(value)) return [];
  return fields(value);
}

function mapEntry(key: unknown, value: unknown, index: number): Place[] {
  const lookup = typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.values()[${index}]`;
  return [
    [`.keys()[${index}]`, key],
    [lookup, value],
  ];
}

function fields(value: object): Place[] {
  return Object.entries(value).map(([key, field]) => [step(key, Array.isArray(value)), field]);
}

function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
