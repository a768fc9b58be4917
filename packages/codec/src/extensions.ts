/** What MessagePack has no type of its own for, as its extension types. The numbers are part of the format. */
import { CorruptRecordError } from '@jaegis/core';
import { ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import { carriedTag, viewTags } from './carried.ts';

const DATE = 1;
const BIGINT = 2;
const MAP = 3;
const SET = 4;
/** And those above it: the views in the order of {@link viewTags}. */
const FIRST_VIEW = 16;

interface Nested {
  readonly encode: (value: unknown) => Uint8Array;
  readonly decode: (data: Uint8Array) => unknown;
}

/** @param nested For what is inside a Map or a Set. */
export function extensions(nested: Nested): ExtensionCodecType<undefined> {
  return {
    tryToEncode: (value) => extensionOf(value, nested),
    decode: (data, type) => toValue(data, type, nested),
  };
}

function extensionOf(value: unknown, { encode }: Nested): ExtData | null {
  if (typeof value === 'bigint') return new ExtData(BIGINT, new TextEncoder().encode(value.toString(36)));
  if (typeof value !== 'object' || value === null) return null;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype) return null;
  if (value instanceof Map) return new ExtData(MAP, encode([...value].flat(1)));
  if (value instanceof Set) return new ExtData(SET, encode([...value]));
  if (value instanceof Date) return new ExtData(DATE, bytesOf(Float64Array.of(value.getTime())));
  if (!ArrayBuffer.isView(value)) return null;
  return new ExtData(FIRST_VIEW + viewTags.indexOf(carriedTag(value) as (typeof viewTags)[number]), bytesOf(value));
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function toValue(data: Uint8Array, type: number, { decode }: Nested): unknown {
  if (type === DATE) return new Date(new Float64Array(ownBuffer(data))[0] ?? Number.NaN);
  if (type === BIGINT) return bigintOf(new TextDecoder().decode(data));
  if (type === MAP) return mapOf(listOf(decode(data)));
  if (type === SET) return new Set(listOf(decode(data)));
  const tag = viewTags[type - FIRST_VIEW];
  if (tag === undefined || globalThis[tag] === undefined) {
    throw new CorruptRecordError(`There is no extension type ${type} on this Node.js.`);
  }
  const View: new (buffer: ArrayBuffer) => unknown = globalThis[tag];
  return new View(ownBuffer(data));
}

/** A copy: the bytes lie in a larger buffer that is not to be kept for them, and at no boundary. Buffer's slice is none. */
function ownBuffer(data: Uint8Array): ArrayBuffer {
  return new Uint8Array(data).buffer;
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new CorruptRecordError('Neither a Map nor a Set: expected a list.');
}

function mapOf(list: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < list.length; index += 2) map.set(list[index], list[index + 1]);
  return map;
}

function bigintOf(text: string): bigint {
  const [sign, digits] = text.startsWith('-') ? [-1n, text.slice(1)] : [1n, text];
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return sign * value;
}
