import { jsonCodec } from '@jaegis/codec';
import { expect, test } from 'vitest';
import { decodeInboxMessage, encodeInboxMessage, encodeTimer } from './inbox-body.ts';

const codec = jsonCodec();
const given = (data: Uint8Array) => ({ subject: 'in', sequence: 7, data });
const message = { type: 'write', line: 'one' };
const bytes = encodeInboxMessage(codec, message, 'n1', false);

test('a message of an inbox comes back as it was sent, also one that may be a repetition and one of a timer', () => {
  const sent = { message, timer: undefined, sender: 'n1' };
  expect(decodeInboxMessage(codec, given(bytes))).toEqual({ ...sent, mayRepeat: false });
  const repeated = encodeInboxMessage(codec, message, 'n1', true);
  expect(decodeInboxMessage(codec, given(repeated))).toEqual({ ...sent, mayRepeat: true });
  const timer = { name: 'soon', id: 'a1', atMs: 5, message, cron: undefined };
  expect(decodeInboxMessage(codec, given(encodeTimer(codec, timer)))).toMatchObject({
    message,
    timer: { name: 'soon', id: 'a1' },
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
