import { durableMessageId, type InboxPosition, inboxSender } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { isConsumed, nextTurn, noTurns } from './turn-state.ts';

/** A message of the inbox as a turn consumes it, with the one before it that is under way too. */
const message = (sequence: number, previous: number) => ({
  id: durableMessageId(inboxSender, sequence),
  inbox: { sequence, previous, timer: undefined },
  effects: [],
  deadLetter: undefined,
});

function after(inbox: InboxPosition, ...messages: ReturnType<typeof message>[]): InboxPosition {
  const state = { ...noTurns, inbox };
  return nextTurn(state, { messages, acknowledged: new Set(), timers: [] }).inbox;
}

const start: InboxPosition = { upTo: 10, ahead: [] };

describe('the position in an inbox', () => {
  it('moves on with messages that none before them holds back', () => {
    expect(after(start, message(13, 0), message(17, 13))).toEqual({ upTo: 17, ahead: [] });
  });

  it('says in one range what was consumed while an earlier one waits', () => {
    // 12 waits. What was consumed is no longer under way: the one before each later message is 12 again.
    const first = after(start, message(15, 12), message(16, 15));
    expect(first).toEqual({ upTo: 10, ahead: [{ previous: 12, sequence: 16 }] });
    const second = after(first, message(20, 12), message(25, 20));
    expect(second).toEqual({ upTo: 10, ahead: [{ previous: 12, sequence: 25 }] });
    expect(after(second, message(12, 0))).toEqual({ upTo: 25, ahead: [] });
  });

  it('has a range for each message that waits', () => {
    const both = after(start, message(15, 12), message(20, 17));
    expect(both.ahead).toEqual([
      { previous: 12, sequence: 15 },
      { previous: 17, sequence: 20 },
    ]);
    const consumed = Array.from({ length: 12 }, (_, index) => index + 10).filter((number) => isConsumed(both, number));
    expect(consumed).toEqual([10, 13, 14, 15, 18, 19, 20]);
    expect(after(both, message(17, 12))).toEqual({ upTo: 10, ahead: [{ previous: 12, sequence: 20 }] });
    expect(after(both, message(12, 0))).toEqual({ upTo: 15, ahead: [{ previous: 17, sequence: 20 }] });
  });
});
