import { CorruptRecordError, hasCode, JaegisError, NotSerializableError, OverloadedError } from '@jaegis/core';
import { describe, expect, test } from 'vitest';
import { binaryCodec } from './binary-codec.ts';
import { jsonCodec } from './json-codec.ts';

describe.each([
  ['JSON', jsonCodec()],
  ['binary', binaryCodec()],
])('the %s codec', (_name, codec) => {
  const roundTrip = (value: unknown): unknown => codec.decode(codec.encode(value));

  /** A cast for tests that know what they sent. */
  const sameType = <T>(value: T): T => roundTrip(value) as T;

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty string', ''],
    ['a string with quotes, line ends, emoji and half a surrogate pair', '"\\\n\u2028<\u{1f642}\ud800'],
    ['numbers that JSON loses', [Number.NaN, -0, 0, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 0.1 + 0.2]],
    ['big integers', [0n, -(2n ** 200n)]],
    ['dates, also invalid ones', [new Date(0), new Date(8.64e15), new Date(Number.NaN)]],
    ['undefined in fields and lists', { a: undefined, b: [undefined, null] }],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ['holes', [1, , 3]],
    [
      'a Map with object keys',
      new Map<unknown, unknown>([
        [{ id: 1 }, new Set([1, 'a', null])],
        ['m', new Map()],
      ]),
    ],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a regular expression and a URL', [/a\/b/giu, new URL('nats://h:4222/x?y#z')]],
    ['a key named constructor', { constructor: 1, toString: 'x' }],
  ])('%s comes back as it was', (_, value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });

  const viewClasses = [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    globalThis.Float16Array,
    Float32Array,
    Float64Array,
  ];

  test.each(viewClasses.map((view) => [view.name, view] as const))('a %s comes back as it was', (_, View) => {
    const view = View.from([1, -2, 3.5, 255, 65_536]);
    expect(roundTrip(view)).toStrictEqual(view);
  });

  test('views of 64-bit integers, data views and buffers come back as they were', () => {
    const buffer = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    const value = [BigInt64Array.of(-5n), BigUint64Array.of(2n ** 64n - 1n), buffer, new DataView(buffer)];
    expect(roundTrip(value)).toStrictEqual(value);
  });

  test('doubles keep every bit, also in NaN', () => {
    const bits = BigUint64Array.from({ length: 1000 }, (_, i) => BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n));
    const back = sameType(new Float64Array(bits.buffer));
    expect(new BigUint64Array(back.buffer)).toEqual(bits);
  });

  test('numbers in lists keep every bit', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => Math.sin(i + 1) * 10 ** ((i % 600) - 300));
    expect(sameType(numbers).every((n, i) => Object.is(n, numbers[i]))).toBe(true);
  });

  test('a part of a larger buffer carries its own bytes only', () => {
    const part = new Float64Array(5000).subarray(10, 12);
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    expect(codec.encode(part).length).toBeLessThan(100);
    expect(codec.encode(Buffer.from('pooled')).length).toBeLessThan(100);
    expect(roundTrip([part, shared])).toStrictEqual([Float64Array.of(0, 0), new Uint8Array(8)]);
    expect(roundTrip(Buffer.from('pooled'))).toStrictEqual(Uint8Array.from(Buffer.from('pooled')));
  });

  test('cycles and repeated references are kept', () => {
    const node: { self?: unknown; twice: unknown[] } = { twice: [] };
    const shared = { a: 1 };
    node.self = node;
    node.twice = [shared, shared];
    const back = sameType(node);
    expect(back.self).toBe(back);
    expect(back.twice[0]).toBe(back.twice[1]);
  });

  test('an error comes back with name, message, code, data, stack and causes', () => {
    const cause = Object.assign(new TypeError('not a number'), { code: 'E_NUMBER' });
    const error = new OverloadedError('full', { cause, data: { limit: 3, at: new Date(0) } });
    const [back] = sameType([error]);
    expect(back).toBeInstanceOf(JaegisError);
    expect(hasCode(back, 'overloaded')).toBe(true);
    expect(back).toMatchObject({ name: 'OverloadedError', message: 'full', data: { limit: 3, at: new Date(0) } });
    expect(back?.stack).toBe(error.stack);
    expect(back?.cause).toMatchObject({ name: 'TypeError', message: 'not a number', code: 'E_NUMBER' });
  });

  class Account {
    balance = 1;
  }
  class Ledger extends Map {}
  const callback = () => {};

  test.each<[string, string, unknown, string]>([
    ['a function', '.user.callback', { user: { callback } }, 'the function callback'],
    ['a function by itself', '', callback, 'the function callback'],
    ['a symbol', '[1]', [1, Symbol('s')], 'the symbol Symbol(s)'],
    ['a class instance', '.accounts[0]', { accounts: [new Account()] }, 'an instance of the class Account'],
    ['a subclass of Map', '.ledger', { ledger: new Ledger() }, 'an instance of the class Ledger'],
    ['a promise', '.reply', { reply: Promise.resolve() }, 'an instance of the class Promise'],
    ['a weak map', '.w', { w: new WeakMap() }, 'an instance of the class WeakMap'],
    ['a boxed number', '.n', { n: Object(1) }, 'an instance of the class Number'],
    ['a value in a Map', '.m.get("k").f', { m: new Map([['k', { f: callback }]]) }, 'the function callback'],
    [
      'a value under an object key',
      '.values()[1]',
      new Map<unknown, unknown>([
        [1, 1],
        [{}, callback],
      ]),
      'the function',
    ],
    ['a key of a Map', '.keys()[0]', new Map([[callback, 1]]), 'the function callback'],
    ['a member of a Set', '.s.values()[1]', { s: new Set([1, callback]) }, 'the function callback'],
    ['an odd name', '["a-b"]', { 'a-b': callback }, 'the function callback'],
    ['a symbol as key', '.o', { o: { [Symbol('s')]: 1 } }, 'an object with a symbol'],
    ['data of an error', '.e.data.f', { e: new OverloadedError('full', { data: { f: callback } }) }, 'the function'],
  ])('%s is refused with its path %s', (_, path, value, description) => {
    const encode = () => codec.encode(value);
    expect(encode).toThrow(NotSerializableError);
    expect(encode).toThrow(expect.objectContaining({ data: { path }, message: expect.stringContaining(description) }));
    expect(encode).toThrow(`at value${path}.`);
  });

  test('a value that is nested too deeply is refused', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200_000; i += 1) deep = [deep];
    expect(() => codec.encode(deep)).toThrow(NotSerializableError);
    expect(() => codec.encode(deep)).toThrow('nested too deeply');
  });

  test('a getter that throws is refused', () => {
    const value = {
      get balance(): number {
        throw new Error('closed');
      },
    };
    expect(() => codec.encode(value)).toThrow(NotSerializableError);
  });

  test.each<[string, string | Uint8Array]>([
    ['no bytes', ''],
    ['an empty list', '[]'],
    ['a reference to nowhere', '[[5]]'],
    ['a kind that is not known', '[["Gadget",1],1]'],
    ['an error that is none', '[["Error",1],null]'],
    ['a prototype', '[{"__proto__":1},{}]'],
    ['bytes that are not UTF-8', Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d)],
    ['half a record', codec.encode({ balance: 12 }).subarray(0, 7)],
    ['zeros', new Uint8Array(16)],
  ])('%s is a corrupt record', (_, junk) => {
    const bytes = typeof junk === 'string' ? new TextEncoder().encode(junk) : junk;
    expect(() => codec.decode(bytes)).toThrow(CorruptRecordError);
    expect(() => codec.decode(bytes)).toThrow(`${bytes.length} bytes`);
  });

  test('text nested too deeply is a corrupt record', () => {
    const depth = 200_000;
    const items = Array.from({ length: depth }, (_, i) => `[${i + 1}]`);
    const bytes = new TextEncoder().encode(`[${items.join(',')},1]`);
    expect(() => codec.decode(bytes)).toThrow(CorruptRecordError);
  });
});
test('the text is JSON in UTF-8', () => {
  const text = new TextDecoder().decode(jsonCodec().encode({ name: 'Zoë', at: new Date(0) }));
  expect(JSON.parse(text)).toEqual([{ name: 1, at: 2 }, 'Zoë', ['Date', '1970-01-01T00:00:00.000Z']]);
});

test.each([
  ['text that is no JSON', '{"a":'],
  ['JSON that is not of this form', '{"a":1}'],
  ['a string', '"text"'],
])('%s is no record of the JSON codec', (_, junk) => {
  expect(() => jsonCodec().decode(new TextEncoder().encode(junk))).toThrow(CorruptRecordError);
});

test.each([
  ['a message', { type: 'add', by: 1 }],
  ['a list of numbers', [1, 2.5, -3]],
  ['a Map of Sets', new Map([['a', new Set([1])]])],
  ['an array of doubles', new Float64Array(100)],
])('%s takes fewer bytes in binary than as text', (_, value) => {
  expect(binaryCodec().encode(value).length).toBeLessThan(jsonCodec().encode(value).length);
});

test('what MessagePack has no form for goes as text in the same codec', () => {
  const bytes = binaryCodec().encode({ a: undefined });
  expect(jsonCodec().decode(bytes)).toStrictEqual({ a: undefined });
});

test('bytes that lie in a buffer of Node are decoded as those in any other', () => {
  const value = { data: new Uint8Array([1, 2, 3]), doubles: new Float64Array([1.5]), at: new Date(7) };
  const bytes = Buffer.concat([Buffer.alloc(3), binaryCodec().encode(value)]).subarray(3);
  expect(binaryCodec().decode(bytes)).toStrictEqual(value);
});
