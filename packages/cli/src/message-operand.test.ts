import { expect, it } from 'vitest';
import { messageFrom } from './message-operand.ts';

it('a message is a JSON object with a type, or a type alone', () => {
  expect(messageFrom(' {"type": "add", "by": 1}\n')).toEqual({ type: 'add', by: 1 });
  expect(messageFrom('xstate.stop')).toEqual({ type: 'xstate.stop' });
});

it.each(['', '{"by": 1}', '[1]', '7', '{type: add}', 'two words'])(
  '%j is none, and is refused with a form to copy',
  (text) => {
    expect(() => messageFrom(text)).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        message: expect.stringContaining('\'{"type": "add", "by": 1}\''),
      }),
    );
  },
);
