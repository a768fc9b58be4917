import { binaryCodec, jsonCodec } from '@jaegis/codec';
import { describe, expect, test } from 'vitest';
import { decodeRequest, encodeAsk, encodeTell, type Request } from './envelope.ts';

const message = { type: 'add', by: 1 };
const plain: Request = { to: '/user/a', message, leftMs: Number.POSITIVE_INFINITY, id: undefined };
const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

const requests: readonly (readonly [string, Request])[] = [
  ['to an actor', plain],
  ['to an entity', { ...plain, to: ['cart', 'c 7'] }],
  ['with a limit', { ...plain, leftMs: 4999.5 }],
  ['with an id', { ...plain, id: 'order-1' }],
  ['with an id made for it', { ...plain, id: 'x', isFresh: true }],
  ['in a trace', { ...plain, trace }],
  ['in a trace with a state', { ...plain, trace: { ...trace, tracestate: 'vendor=1' } }],
  ['of a sender', { ...plain, sender: 'n1/user/b' }],
  ['with all of it', { ...plain, to: ['a', 'b'], leftMs: 1, id: 'i', isFresh: true, trace, sender: 'n1' }],
  ['with an empty key and id', { ...plain, to: ['cart', ''], id: '' }],
  ['with letters of other scripts', { ...plain, to: ['корзина', '購物車 🛒'] }],
  ['with a mark of byte order in its key', { ...plain, to: ['cart', '\uFEFFa'] }],
  ['with a key of 254 bytes', { ...plain, to: ['cart', 'k'.repeat(254)] }],
  ['with a key of 255 bytes', { ...plain, to: ['cart', 'k'.repeat(255)] }],
  ['with a key of 254 letters in 508 bytes', { ...plain, to: ['cart', 'ж'.repeat(254)] }],
  [
    'with a key and a message of 10 kB',
    { ...plain, to: ['cart', 'k'.repeat(10_000)], message: { type: 'x'.repeat(10_000) } },
  ],
];

describe.each([
  ['binary', binaryCodec()],
  ['text', jsonCodec()],
])('with the %s codec', (_, codec) => {
  test.each(requests)('a request %s arrives as it was sent', (_name, request) => {
    const { isFresh = false, ...rest } = request;
    // Twice: the second time its texts are known.
    for (const bytes of [encodeAsk(codec, request).slice(), encodeAsk(codec, request).slice()]) {
      expect(decodeRequest(codec, bytes)).toEqual({
        trace: undefined,
        sender: undefined,
        isForwarded: false,
        ...rest,
        isFresh,
      });
    }
  });
});

const codec = binaryCodec();

test('texts that fall into one place of those that are known are told apart', () => {
  for (let index = 0; index < 5_000; index++) {
    const request = { ...plain, to: `/user/${index}` };
    expect(decodeRequest(codec, encodeAsk(codec, request)).to).toBe(request.to);
  }
});

test('the bytes of a tell wait for no answer', () => {
  const { leftMs, id, trace: found } = decodeRequest(codec, encodeTell(codec, '/user/a', message, { trace }));
  expect({ leftMs, id, trace: found }).toEqual({ leftMs: Number.POSITIVE_INFINITY, id: undefined, trace });
});

test.each([
  ['to', { ...plain, to: '/user/\uD800' }],
  ['to.key', { ...plain, to: ['cart', '\uDC00'] as const }],
  ['id', { ...plain, id: `${'x'.repeat(300)}\uD800` }],
])('half of a surrogate pair in %s is refused at the sender with its path', (path, request) => {
  const refused = expect.objectContaining({ code: 'not_serializable', data: { path } });
  expect(() => encodeAsk(codec, request)).toThrow(refused);
});

test('what reads of a message sends does not touch the message', () => {
  const other = { ...plain, to: '/user/other', message: { type: 'other' } };
  const reading = {
    type: 'outer',
    get value() {
      encodeAsk(codec, other);
      return 1;
    },
  };
  const bytes = encodeAsk(codec, { ...plain, message: reading });
  expect(decodeRequest(codec, bytes)).toMatchObject({ to: '/user/a', message: { type: 'outer', value: 1 } });
});

test('bytes that end too early, at whatever byte, or hold no message are refused', () => {
  const whole = encodeAsk(codec, requests[8]?.[1] ?? plain).slice();
  const corrupt = expect.objectContaining({ code: 'corrupt_record' });
  for (let length = 0; length < whole.length; length++) {
    expect(() => decodeRequest(codec, whole.subarray(0, length)), `${length} bytes`).toThrow(corrupt);
  }
  const noMessage = encodeAsk(codec, { ...plain, message: 7 as never }).slice();
  expect(() => decodeRequest(codec, noMessage)).toThrow(corrupt);
});
