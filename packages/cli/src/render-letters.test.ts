import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { renderLetters } from './render-letters.ts';

test('each message that was given up, each turn that is lost, and a record that cannot be read is a line with the reason', () => {
  const error = { name: 'CorruptRecordError', code: 'corrupt_record' as const, message: 'its checksum does not match' };
  const lines = renderLetters({
    entity: 'cart/7',
    deadLetters: [
      { id: '@#12', message: { type: 'add', by: 'x' }, error: { name: 'TypeError', message: 'no number' } },
      { id: 'turn@40', message: { type: 'lost_turn' }, error },
    ],
    unreadable: error,
  });
  expect(lines.map(stripVTControlCharacters)).toEqual([
    'cart/7  given up @#12 add  TypeError: no number',
    'cart/7  lost turn@40  corrupt_record: its checksum does not match',
    'cart/7  cannot be read  corrupt_record: its checksum does not match',
  ]);
});
