import { binaryCodec, jsonCodec } from '@jaegis/codec';
import type { DurableTimer } from '@jaegis/core';
import { describe, expect, test } from 'vitest';
import { decodeInboxMessage, encodeInboxMessage, encodeTimer } from './inbox-body.ts';

const codec = jsonCodec();
const given = (data: Uint8Array) => ({ subject: 'in', sequence: 7, data });
const message = { type: 'write', line: 'one' };
const timer: DurableTimer = { name: 'soon', id: 'a1', atMs: 5, message, cron: undefined };
const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
const stated = { ...trace, tracestate: 'vendor=1' };
const bytes = encodeInboxMessage(codec, message, { sender: 'n1', mayRepeat: false });

describe.each([
  ['binary', binaryCodec()],
  ['JSON', codec],
])('a message of an inbox in the %s codec', (_, of) => {
  const read = (data: Uint8Array) => decodeInboxMessage(of, given(data));

  test.each([
    ['of a node', { sender: 'n1', mayRepeat: false }],
    ['that may be a repetition', { sender: 'n1', mayRepeat: true }],
    ['in a trace', { sender: 'n1', mayRepeat: false, trace }],
    ['that may be a repetition, in a trace with a state', { sender: 'n1', mayRepeat: true, trace: stated }],
  ])('%s comes back as it was sent', (_what, by) => {
    const body = read(encodeInboxMessage(of, message, by));
    expect(body).toEqual({ message, timer: undefined, trace: undefined, ...by });
  });

  test.each([
    ['in no trace', timer],
    ['in a trace', { ...timer, trace }],
    ['in a trace with a state', { ...timer, trace: stated }],
  ])('of a timer that was set %s comes back as it was', (_what, set) => {
    const sent = { timer: { name: 'soon', id: 'a1' }, sender: undefined, mayRepeat: false };
    expect(read(encodeTimer(of, set))).toEqual({ message, trace: set.trace, ...sent });
  });

  test('without a trace is not a byte longer than before there were any', () => {
    const encoded = (mayRepeat: boolean) => encodeInboxMessage(of, message, { sender: 'n1', mayRepeat }).subarray(6);
    expect(encoded(false)).toEqual(of.encode([message, 'n1']));
    expect(encoded(true)).toEqual(of.encode([message, 'n1', true]));
    expect(encodeTimer(of, timer).subarray(6)).toEqual(of.encode([message, 'soon', 'a1']));
  });
});

test('any flipped bit is found out', () => {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
    expect(() => decodeInboxMessage(codec, given(damaged)), `bit ${bit}`).toThrow(
      expect.objectContaining({ code: 'corrupt_record' }),
    );
  }
});

test('what is cut short is found out', () => {
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeInboxMessage(codec, given(bytes.slice(0, length)))).toThrow(
      expect.objectContaining({ code: 'corrupt_record' }),
    );
  }
});

test('a message without a checksum, as it was once written, is read', () => {
  expect(decodeInboxMessage(codec, given(codec.encode([message, 'n1'])))).toMatchObject({ message, sender: 'n1' });
});
