import { binaryCodec, jsonCodec } from '@jaegis/codec';
import type { JournalRecord, TurnRecord } from '@jaegis/core';
import { describe, expect, test } from 'vitest';
import { decodeTurn, encodeTurn } from './turn-record.ts';

const small: TurnRecord = {
  turn: 1,
  writer: 'abcd1234',
  node: 'n1',
  version: 1,
  busy: false,
  state: { total: 1 },
  answered: [],
  nextOut: 1,
  seen: {},
  consumed: [],
  sent: [],
  outbox: [],
  deadLetters: [],
  inbox: { upTo: 0, ahead: [] },
  timers: [],
  handled: [],
};
const full: TurnRecord = {
  ...small,
  turn: 7,
  busy: true,
  version: 3,
  state: new Map([['a', 1n]]),
  answered: [
    { id: 'x', reply: undefined },
    { id: 'y', reply: { ok: true } },
  ],
  nextOut: 5,
  seen: { 'cart/1': 3 },
  consumed: ['cart/1#3'],
  sent: ['cart/2#4'],
  outbox: [{ number: 4, to: { type: 'cart', key: 'a/b' }, message: { type: 'add' } }],
  deadLetters: [{ id: 'cart/1#2', message: { type: 'bad' }, error: { name: 'Error', message: 'no' } }],
  inbox: { upTo: 12, ahead: [{ sequence: 15, previous: 13 }] },
  timers: [
    { name: 'once', id: 'a1', atMs: 1_000, message: { type: 'ring' }, cron: undefined },
    {
      name: 'daily',
      id: 'a2',
      atMs: 2_000,
      message: { type: 'ring' },
      cron: { pattern: '0 9 * * *', timezone: 'UTC' },
    },
    { name: 'hourly', id: 'a3', atMs: 3_000, message: { type: 'ring' }, cron: { pattern: '0 * * * *' } },
  ],
  handled: [
    { type: 'add', from: 'cart/1', count: 1 },
    { type: 'ring', from: undefined, count: 12 },
  ],
  past: Uint8Array.of(0x80, 1, 0x91, 2),
};
const traces = [
  { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  { traceparent: '00-c', tracestate: 'v=1' },
];
const traced = <Item extends object>(items: readonly Item[]) =>
  items.map((item, index) => ({ ...item, trace: traces[index % 2] }));
const recordOf = (data: Uint8Array): JournalRecord => ({ subject: 'turn.cart.1', sequence: 9, data, timeMs: 0 });

describe.each([
  ['binary', binaryCodec()],
  ['JSON', jsonCodec()],
])('a turn record in the %s codec', (_, codec) => {
  test.each([
    ['.state.onDone', { state: { onDone: () => {} } }],
    ['.reply.items[1]', { answered: [{ id: 'a', reply: { items: [1, () => {}] } }] }],
    ['.message.call', { outbox: [{ number: 1, to: { type: 'cart', key: 'a' }, message: { call: () => {} } }] }],
  ])('says where what cannot be carried is, in the words of who left it: %s', (path, part) => {
    expect(() => encodeTurn(codec, { ...small, ...part })).toThrow(
      expect.objectContaining({ code: 'not_serializable', data: { path }, message: expect.stringContaining(path) }),
    );
  });

  test.each([
    ['small', small],
    ['full', full],
    ['without a state', { ...small, state: undefined }],
    ['with one that looks like a default', { ...small, state: 1 }],
    ['with traces', { ...full, outbox: traced(full.outbox), timers: traced(full.timers) }],
  ])('comes back as it was: %s', (_what, turn) => {
    expect(decodeTurn(codec, recordOf(encodeTurn(codec, turn)))).toStrictEqual(turn);
  });

  test('that was written before senders were kept is read as one that names none', () => {
    const list = [1, 'abcd1234', 'n1', 1, false, { total: 1 }];
    const body = codec.encode(list);
    const bytes = encodeTurn(codec, small);
    expect(bytes.subarray(6)).toEqual(body);
    expect(decodeTurn(codec, recordOf(bytes)).handled).toEqual([]);
  });

  test('that was written before traces were kept is what is written without them', () => {
    const { outbox, timers } = full;
    const old = [
      outbox.map(({ number, to, message }) => [number, to.type, to.key, message]),
      timers.map(({ name, id, atMs, message, cron }) => [name, id, atMs, message, cron?.pattern, cron?.timezone]),
    ];
    const list = codec.decode(encodeTurn(codec, full).subarray(6)) as unknown[]; // as it is written
    expect(codec.encode([list[11], list[14]])).toEqual(codec.encode(old));
  });

  test('is refused as corrupt at every flipped bit, with its subject and sequence', () => {
    const bytes = encodeTurn(codec, full);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeTurn(codec, recordOf(flipped))).toThrow(
        expect.objectContaining({
          code: 'corrupt_record',
          data: expect.objectContaining({ subject: 'turn.cart.1', sequence: 9 }),
        }),
      );
    }
  });

  test('is refused as corrupt wherever it is cut', () => {
    const bytes = encodeTurn(codec, full);
    for (let length = 0; length < bytes.length; length++) {
      const cut = () => decodeTurn(codec, recordOf(bytes.subarray(0, length)));
      expect(cut).toThrow(expect.objectContaining({ code: 'corrupt_record' }));
    }
  });

  test('of a newer format is refused with both formats', () => {
    const bytes = encodeTurn(codec, small);
    const view = new DataView(bytes.buffer);
    bytes[1] = 3;
    view.setUint32(2, (view.getUint32(2) ^ 2 ^ 3) >>> 0);
    expect(() => decodeTurn(codec, recordOf(bytes))).toThrow('format 3; this node knows 2');
  });
});

test('the small turn of a small state adds less than 90 bytes to it, with who sent what', () => {
  const codec = binaryCodec();
  const handled = [{ type: 'add', from: 'node-abcdef', count: 1 }];
  const turn = { ...small, answered: [{ id: 'abcdefghijkl', reply: 1 }], handled };
  expect(encodeTurn(codec, turn).length).toBeLessThan(codec.encode(small.state).length + 90);
});
